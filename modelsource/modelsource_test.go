package modelsource

import (
	"errors"
	"strings"
	"testing"

	bkllb "github.com/moby/buildkit/client/llb"
)

// TestFind finds the scheme of a source, or says that there is no such scheme.
func TestFind(t *testing.T) {
	for _, source := range []string{"model", "./a/model/", "model@1", "a:b"} {
		if s, err := Find(source); err != nil || s != (Directory{}) {
			t.Errorf("%s: %T, %v", source, s, err)
		}
	}
	var unknown *UnknownError
	if _, err := Find("hdfs://host/iris"); !errors.As(err, &unknown) || !strings.Contains(err.Error(), `scheme "hdfs"`) || !strings.Contains(err.Error(), "mlflow artifacts download") {
		t.Errorf("hdfs://host/iris: %v", err)
	}
}

// Every scheme is asked about what it matches only, so at most one may match.
func TestSchemesAreApart(t *testing.T) {
	for _, source := range []string{"model", "s3://bucket/iris", "models:/iris/3", "git+https://example.com/iris", "oci://example.com/iris:1",
		"https://models.blob.core.windows.net/team/iris/", "https://models.blob.core.windows.net/team/iris.zip"} {
		var matching []Scheme
		for _, s := range Schemes() {
			if s.Match(source) {
				matching = append(matching, s)
			}
		}
		if len(matching) > 1 {
			t.Errorf("%s: %T", source, matching)
		}
	}
}

func TestDirectory(t *testing.T) {
	context := bkllb.Scratch()
	tree, err := Directory{}.Tree(Request{Source: "models/iris", Context: context})
	if err != nil {
		t.Fatal(err)
	}
	if got := tree.Path("data/model.bin"); got != "/models/iris/data/model.bin" {
		t.Errorf("a file of the model is %s", got)
	}
	if m := tree.Mount("/model"); m.From != "models/iris" || m.Path != "/model" {
		t.Errorf("the model is mounted as %+v", m)
	}
}

// TestContext finds the files that requirements name: in the build context, or in a
// model that is elsewhere.
func TestContext(t *testing.T) {
	context, model := bkllb.Image("context.example.com/context"), bkllb.Image("models.example.com/model")
	for _, tt := range []struct {
		name    string
		context Context
		file    string
		state   bkllb.State
		path    string
	}{
		{"model in the context", Context{context, Tree{State: context, Dir: "model"}, "model"}, "model/wheels/a.whl", context, "model/wheels/a.whl"},
		{"model elsewhere", Context{context, Tree{State: model, Dir: "models/iris"}, Elsewhere}, Elsewhere + "/wheels/a.whl", model, "models/iris/wheels/a.whl"},
		{"model at a root", Context{context, Tree{State: model}, Elsewhere}, Elsewhere + "/wheels/a.whl", model, "wheels/a.whl"},
		{"beside a model elsewhere", Context{context, Tree{State: model, Dir: "models/iris"}, Elsewhere}, "wheels/a.whl", context, "wheels/a.whl"},
	} {
		state, path := tt.context.At(tt.file)
		if state.Output() != tt.state.Output() || path != tt.path {
			t.Errorf("%s: %s is %s of another state: %v", tt.name, tt.file, path, state.Output() != tt.state.Output())
		}
	}
}
