//go:build integration

package models

import (
	"os"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/google/go-cmp/cmp"
)

// TestOldMLflow serves a model of a release whose scoring server is a Flask
// application; testdata/mlflow-2.16/make_model.py made it with that release.
func TestOldMLflow(t *testing.T) {
	p := shared.NewProject(t, map[string]string{"Deployfile": "[model]\nname = \"doubler\"\nsource = \"model\"\n"})
	if err := os.CopyFS(p.Path("model"), os.DirFS("testdata/mlflow-2.16/model")); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/mlflow-2.16/answer.json")
	if err != nil {
		t.Fatal(err)
	}
	p.Lock(t)
	p.Serve(t, func(s *buildtest.Server) {
		got := s.Post(t, "/invocations", []byte(p.Read(t, "model/serving_input_example.json")))
		if d := cmp.Diff(buildtest.Decoded(t, string(want)), buildtest.Decoded(t, got)); d != "" {
			t.Errorf("the answer is not that of load_model(…).predict:\n%s", d)
		}
		if got := s.Get(t, "/version"); got != "2.16.2" {
			t.Errorf("/version is %q", got)
		}
	})
}
