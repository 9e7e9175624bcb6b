//go:build integration

package batch

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/deployfile/deployfile/manifests/cluster"
)

// files is a server of signed URLs.
type files struct {
	sync.Mutex
	content map[string]string
}

func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.Lock()
	defer f.Unlock()
	body, err := io.ReadAll(r.Body)
	content, found := f.content[r.URL.Path]
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	case r.URL.Query().Get("signature") != "s3cr3t":
		http.Error(w, "no", http.StatusForbidden)
	case r.Method == http.MethodPut && r.ContentLength == int64(len(body)):
		f.content[r.URL.Path] = string(body)
	case r.Method == http.MethodGet && found:
		_, _ = io.WriteString(w, content)
	default:
		http.Error(w, "no", http.StatusNotFound)
	}
}

func TestURLs(t *testing.T) {
	f := &files{content: map[string]string{"/in.csv": "a,b\n1,2\n", "/damaged.json": "{"}}
	server := httptest.NewServer(f)
	defer server.Close()
	log, err := run(t, cluster.Batch{Input: server.URL + "/in.csv?signature=s3cr3t", Output: server.URL + "/out.csv?signature=s3cr3t"}, nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	if d := cmp.Diff("prediction\n3\n", f.content["/out.csv"]); d != "" {
		t.Error(d)
	}
	if strings.Contains(log, "s3cr3t") {
		t.Errorf("the log has what is secret:\n%s", log)
	}
	for name, x := range map[string]struct {
		batch cluster.Batch
		want  string
	}{
		"not there": {cluster.Batch{Input: server.URL + "/no.csv?signature=s3cr3t", Output: "-", OutputFormat: "csv"},
			"cannot read " + server.URL + "/no.csv: the server answered 404"},
		"not allowed": {cluster.Batch{Input: server.URL + "/in.csv?signature=s3cr3t", Output: server.URL + "/out.csv?signature=old"},
			"cannot write " + server.URL + "/out.csv: the server answered 403"},
		"nobody": {cluster.Batch{Input: "http://127.0.0.1:1/in.csv?signature=s3cr3t", Output: "-", OutputFormat: "csv"},
			"cannot read http://127.0.0.1:1/in.csv: "},
		"damaged": {cluster.Batch{Input: server.URL + "/damaged.json?signature=s3cr3t", Output: "-", OutputFormat: "csv"},
			"damaged.json as json: "},
	} {
		t.Run(name, func(t *testing.T) {
			log, err := run(t, x.batch, nil)
			if err == nil || !strings.Contains(log, x.want) {
				t.Errorf("%v, want %q\n%s", err, x.want, log)
			}
			if strings.Contains(log, "s3cr3t") || strings.Contains(log, "Traceback") {
				t.Errorf("the log:\n%s", log)
			}
		})
	}
}

// TestInvalidURL shows that what Python says of a URL is not repeated.
func TestInvalidURL(t *testing.T) {
	for _, url := range []string{"http://ann:s3cr3t@127.0.0.1/in.csv", "http://127.0.0.1/in file.csv?signature=s3cr3t"} {
		log, err := run(t, cluster.Batch{Input: "pvc://data/in.csv", Output: "-", OutputFormat: "csv"}, map[string]string{"BATCH_INPUT": url})
		if err == nil || !strings.HasSuffix(log, ": it is not a valid URL\n") || strings.Contains(log, "s3cr3t") {
			t.Errorf("%s: %v\n%s", url, err, log)
		}
	}
}
