package llb

import (
	"slices"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
)

// TestServe gives the server what [server] says, and nothing that it does not say.
func TestServe(t *testing.T) {
	for _, test := range []struct {
		server deployfile.Server
		want   string
	}{
		{deployfile.Server{Kind: "mlflow", Port: 8080, Workers: 1, Log: "text"}, `{"kind":"mlflow","port":8080,"workers":1}`},
		{
			deployfile.Server{Kind: "mlflow", Port: 1, Workers: 1, MaxConcurrency: 2, MaxBody: "1.5kB", DrainSeconds: 3, Metrics: true, Log: "json"},
			`{"kind":"mlflow","port":1,"workers":1,"max-concurrency":2,"max-body":1500,"drain-seconds":3,"metrics":true,"model":{"name":"iris","version":"7"},"log":"json"}`,
		},
		{
			deployfile.Server{Kind: "mlflow", Port: 1, Workers: 1, Log: "text", Protocols: []string{"mlflow", "v2"}},
			`{"kind":"mlflow","port":1,"workers":1,"model":{"name":"iris","version":"7"},"protocols":["v2"]}`,
		},
		{
			deployfile.Server{Kind: "mlflow", Port: 1, Workers: 1, Log: "text", Docs: "model"},
			`{"kind":"mlflow","port":1,"workers":1,"model":{"name":"iris","version":"7"},"docs":"model"}`,
		},
		{deployfile.Server{Kind: "command", Port: 1, Workers: 1, Command: []string{"a"}, Log: "text"}, `{"kind":"command","port":1,"workers":1,"command":["a"]}`},
	} {
		s := exampleSources(t, "iris")
		s.File.Server, s.File.Model.Version = test.server, "7"
		plan, err := NewPlan(s)
		if err != nil {
			t.Fatal(err)
		}
		files, err := plan.Serve()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(files["serve.json"]); got != test.want+"\n" {
			t.Errorf("%s\nnot %s", got, test.want)
		}
		if _, v2 := files[ServerPackage+"/v2/app.py"]; v2 != slices.Contains(test.server.Protocols, "v2") {
			t.Errorf("%v has the modules of v2: %t", test.server.Protocols, v2)
		}
		if _, page := files[ServerPackage+"/docs/page.html"]; page != (test.server.Docs == "model") {
			t.Errorf("docs = %q has the page: %t", test.server.Docs, page)
		}
		_, app := files[ServerPackage+"/app.py"]
		if mlflow := test.server.Kind == "mlflow"; app != mlflow || len(files["bin/serve"]) == 0 {
			t.Errorf("the files are %d, with an app: %t", len(files), app)
		}
	}
}
