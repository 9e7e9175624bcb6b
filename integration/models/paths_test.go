//go:build integration

package models

import (
	"archive/tar"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/moby/buildkit/client"
)

// TestStrangePaths builds models whose directories, files and own wheels have names that
// mean something as patterns.
func TestStrangePaths(t *testing.T) {
	for _, dir := range []string{"Modèle [été] v1/Random Forest_model", "Random *Forest?_{model} ^a|b", "50% 1; $HOME --pre [x"} {
		buildStrangePaths(t, dir)
	}
}

func buildStrangePaths(t *testing.T, dir string) {
	t.Helper()
	p := shared.Tiny(t, "")
	p.Write(t, dir+"/MLmodel", p.Read(t, "model/MLmodel"))
	own := lab.Wheel(t, "dfown", "1.0", "WORDS = 'own'")
	p.Write(t, dir+"/wheels/"+own.Name, string(own.Content))
	p.Write(t, dir+"/requirements.txt", "./wheels/"+own.Name+"\n")
	if err := os.RemoveAll(p.Path("model")); err != nil {
		t.Fatal(err)
	}
	p.Edit(t, "Deployfile", `"model"`, `"`+dir+`"`)
	large := strings.Repeat("x", 4<<20)
	names := []string{"[big] 100% *.bin", "!not.txt", "a^b.txt", "été.txt", strings.Repeat("n", 200) + ".txt"}
	for n, name := range names {
		p.Write(t, dir+"/data/"+name, map[bool]string{true: large, false: "small"}[n == 0])
	}
	p.Lock(t)
	if want := dir + "/wheels/" + own.Name; !strings.Contains(p.Read(t, "pylock.toml"), want) {
		t.Errorf("pylock.toml does not name %s", want)
	}
	out := t.TempDir()
	if _, err := p.Export(t, client.ExportEntry{Type: client.ExporterLocal, OutputDir: out}, nil); err != nil {
		t.Fatal(err)
	}
	for n, name := range names {
		info, err := os.Stat(filepath.Join(out, "opt/model/data", name))
		if err != nil || (info.Size() == 4<<20) != (n == 0) {
			t.Errorf("%q in the image: %v, %v", name, info, err)
		}
	}
	// The large file is in one layer alone.
	held := 0
	p.Build(t).Files(t, func(h *tar.Header, _ io.Reader) {
		if h.Name == "opt/model/data/"+names[0] {
			held++
		}
	})
	if held != 1 {
		t.Errorf("%d layers hold %q", held, names[0])
	}
}

// TestModelIsTheProject locks and builds a model whose directory is that of the
// Deployfile, again and again: what the tool writes is none of the model.
func TestModelIsTheProject(t *testing.T) {
	p := shared.Tiny(t, "")
	for _, name := range []string{"MLmodel", "requirements.txt"} {
		p.Write(t, name, p.Read(t, "model/"+name))
	}
	p.Write(t, ".git/HEAD", "ref: refs/heads/main\n")
	p.Write(t, ".dockerignore", "model\n*.secret\n")
	p.Write(t, "my.secret", "hidden")
	p.Edit(t, "Deployfile", `"model"`, `"."`)
	p.Lock(t)
	first := p.LockFiles(t)
	p.BuildWith(t, buildtest.DemandLock)
	p.Lock(t)
	for name, text := range p.LockFiles(t) {
		if text != first[name] {
			t.Errorf("locking again changes %s", name)
		}
	}
	out := t.TempDir()
	if _, err := p.Export(t, client.ExportEntry{Type: client.ExporterLocal, OutputDir: out}, buildtest.DemandLock); err != nil {
		t.Fatal(err)
	}
	var got []string
	entries, err := os.ReadDir(filepath.Join(out, "opt/model"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if want := []string{"MLmodel", "code", "requirements.txt"}; !slices.Equal(got, want) {
		t.Errorf("the model in the image has %q instead of %q", got, want)
	}
}

// TestHiddenWeights says that .dockerignore leaves out what MLmodel names, before
// anything is resolved.
func TestHiddenWeights(t *testing.T) {
	p := shared.Tiny(t, "")
	p.Edit(t, "model/MLmodel", "    loader_module: tiny\n", "    loader_module: tiny\n    model_path: model.pkl\n")
	p.Write(t, "model/model.pkl", "weights")
	p.Write(t, ".dockerignore", "**/*.pkl\n")
	_, err := p.TryLock(t, nil)
	buildtest.WantError(t, err, "model/MLmodel:4", "model.pkl", ".dockerignore")
	p.Write(t, ".dockerignore", "")
	p.Lock(t)
	p.Build(t)

	p.Write(t, "model/model.pkl", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n")
	_, err = p.TryLock(t, nil)
	buildtest.WantError(t, err, "model.pkl", "git lfs pull")
}

// TestManyLargeFiles builds a model of more large files than engines mount layers; one
// that changes moves one layer.
func TestManyLargeFiles(t *testing.T) {
	p := shared.Tiny(t, "")
	for n := range 140 {
		f, err := os.Create(p.Path(fmt.Sprintf("model/store-%03d.bin", n)))
		if err != nil {
			t.Fatal(err)
		}
		// Sparse, and each of its own contents.
		_, err = fmt.Fprint(f, n)
		if e := f.Truncate(4 << 20); err == nil {
			err = e
		}
		if e := f.Close(); err == nil {
			err = e
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	p.Lock(t)
	before := p.Build(t)
	if n := len(before.Layers(t)); n > 100 {
		t.Errorf("%d layers", n)
	}
	p.Write(t, "model/store-007.bin", strings.Repeat("y", 4<<20))
	p.Lock(t)
	after := p.Build(t)
	moved := 0
	was := before.Layers(t)
	for name, digest := range after.Layers(t) {
		if was[name] != digest {
			moved++
		}
	}
	if moved != 1 {
		t.Errorf("%d layers move with one file", moved)
	}
}

// TestSearchPaths joins the image's search paths with those of the Deployfile.
func TestSearchPaths(t *testing.T) {
	p := shared.Tiny(t, `env = { PYTHONPATH = "/opt/model/extra", PATH = "/opt/tools/bin" }`+"\n")
	p.Write(t, "model/extra/helper.py", "WORDS = 'extra'\n")
	p.Edit(t, "code/answer.py", "import json\n", "import json\nimport helper\n")
	p.Lock(t)
	img := p.Build(t)
	for _, want := range []string{"PYTHONPATH=/opt/code:/opt/model/extra", "PATH=/opt/venv/bin:/opt/tools/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"} {
		if !slices.Contains(img.Config.Config.Env, want) {
			t.Errorf("%q instead of %s", img.Config.Config.Env, want)
		}
	}
}

// TestModelShadowsNothing serves a model from code whose file has the name of the
// package that it imports, and another one that has the name of a module of Python's.
func TestModelShadowsNothing(t *testing.T) {
	for file, use := range map[string]string{"markupsafe.py": "str(markupsafe.escape('<'))", "queue.py": "queue.Queue().qsize()"} {
		module := strings.TrimSuffix(file, ".py")
		p := shared.NewProject(t, map[string]string{
			"Deployfile": "[model]\nsource = \"model\"\n",
			"model/MLmodel": `flavors:
  python_function:
    loader_module: mlflow.pyfunc.model
    model_code_path: models/` + file + `
    python_version: 3.11.2
mlflow_version: 3.17.2
saved_input_example_info:
  serving_input_path: serving_input_example.json
  type: dataframe
`,
			"model/" + file: "import mlflow, " + module + `

class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [str(` + use + `)] * len(model_input)

mlflow.models.set_model(Model())
`,
			"model/serving_input_example.json": `{"dataframe_split": {"columns": ["n"], "data": [[1]]}}`,
			"model/requirements.txt":           "mlflow==3.17.2\nmarkupsafe\n",
		})
		p.Lock(t)
		if got := p.Build(t).Config.Config.WorkingDir; got != "/" {
			t.Errorf("with %s the server starts in %s", file, got)
		}
	}
}
