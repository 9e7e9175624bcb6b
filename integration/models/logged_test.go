//go:build integration

package models

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/resolver"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/solver/errdefs"
)

// logged is a project with a model of a kind that testdata/logged/log.py has logged.
func logged(t *testing.T, kind string) *buildtest.Project {
	t.Helper()
	p := shared.NewProject(t, map[string]string{"Deployfile": "[model]\nname = \"logged\"\nsource = \"model\"\n"})
	work := t.TempDir()
	if err := os.CopyFS(work, os.DirFS("testdata/logged")); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(shared.Python, "log.py", kind)
	c.Dir = work
	c.Env = append(os.Environ(), "MLFLOW_DISABLE_TELEMETRY=true")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.CopyFS(p.Path("model"), os.DirFS(filepath.Join(work, "model"))); err != nil {
		t.Fatal(err)
	}
	return p
}

// answers locks and serves a model, and returns the answer to a request.
func answers(t *testing.T, p *buildtest.Project, request string) (answer string, lock buildtest.Outcome) {
	t.Helper()
	lock = p.Lock(t)
	p.Serve(t, func(s *buildtest.Server) { answer = s.Post(t, "/invocations", []byte(request)) })
	return answer, lock
}

const one = `{"dataframe_split": {"columns": ["x"], "data": [[1.5]]}}`

// TestWindowsModel serves a model whose MLmodel has the paths that MLflow writes on
// Windows.
func TestWindowsModel(t *testing.T) {
	p := logged(t, "factor")
	p.Edit(t, "model/MLmodel", "path: artifacts/factor.txt", `path: artifacts\factor.txt`)
	var code string
	for l := range strings.Lines(p.Read(t, "model/MLmodel")) {
		if strings.Contains(l, "model_code_path:") {
			code = l
		}
	}
	p.Edit(t, "model/MLmodel", code, "    model_code_path: C:\\work\\wrappers\\factor.py\n")
	text := p.Read(t, "model/requirements.txt")
	// As PowerShell writes it.
	wide := []byte{0xff, 0xfe}
	for _, b := range []byte(text) {
		wide = append(wide, b, 0)
	}
	p.Write(t, "model/requirements.txt", string(wide))
	if got, _ := answers(t, p, one); !strings.Contains(got, "[3.0]") {
		t.Errorf("the answer is %s", got)
	}
}

// TestSlimModel serves a model that requires mlflow-skinny alone, which has no pandas,
// with another configuration than it was logged with.
func TestSlimModel(t *testing.T) {
	p := logged(t, "slim")
	p.Write(t, "Deployfile", p.Read(t, "Deployfile")+"\n[server]\nmodel-config = { bias = 4 }\n")
	if got, _ := answers(t, p, one); !strings.Contains(got, "[7.0]") {
		t.Errorf("the answer is %s", got)
	}
}

// TestSetuptoolsModel serves a model whose code imports pkg_resources, which only the
// build_dependencies of python_env.yaml name.
func TestSetuptoolsModel(t *testing.T) {
	p := logged(t, "packages")
	text := p.Read(t, "model/python_env.yaml")
	for l := range strings.Lines(text) {
		if strings.Contains(l, "setuptools") {
			p.Edit(t, "model/python_env.yaml", l, "- setuptools==66.1.1\n")
		}
	}
	if got, _ := answers(t, p, one); !strings.Contains(got, "[true]") {
		t.Errorf("the answer is %s", got)
	}
	if lock := p.Read(t, "pylock.toml"); !strings.Contains(lock, "name = \"setuptools\"\nversion = \"66.1.1\"") {
		t.Error("setuptools 66.1.1 is not locked")
	}
}

// TestTracedModels serves a traced model and an agent that sets an experiment, where
// there is no tracking server.
func TestTracedModels(t *testing.T) {
	if got, _ := answers(t, logged(t, "factor"), one); !strings.Contains(got, "[3.0]") {
		t.Errorf("the answer is %s", got)
	}
	got, _ := answers(t, logged(t, "agent"), `{"input": [{"role": "user", "content": "hello"}]}`)
	if !strings.Contains(got, "you said hello") {
		t.Errorf("the agent's answer is %s", got)
	}
}

// TestCondaModel serves the example of scikit-learn by a conda.yaml alone, as people
// write it and as conda exports it.
func TestCondaModel(t *testing.T) {
	for name, conda := range map[string]string{
		"plain": `channels: [conda-forge]
dependencies:
- python=3.11.7
- scikit-learn=1.9.1
- libgcc
- pip
- pip: [mlflow==3.17.2, skops==0.16.0]
`,
		"exported": `name: iris
channels: [conda-forge, defaults]
dependencies:
- _libgcc_mutex=0.1=conda_forge
- python=3.11.7=hab00c5b_0_cpython
- numpy=2.4.6=py311h0
- pandas>=2
- scikit-learn=1.9.1=py311h1
- skops=0.16.0=pyhd8ed1ab_0
- openjdk=17
- pip=23.2.1=pyhd8ed1ab_0
- pip:
  - mlflow==3.17.2
  build_dependencies:
  - setuptools==66.1.1
prefix: C:\Users\me\miniconda3\envs\iris
`,
	} {
		t.Run(name, func(t *testing.T) {
			p := shared.Example(t, "iris")
			for _, file := range []string{"requirements.txt", "python_env.yaml"} {
				if err := os.Remove(p.Path("model/" + file)); err != nil {
					t.Fatal(err)
				}
			}
			p.Write(t, "model/conda.yaml", conda)
			request := p.Read(t, "model/serving_input_example.json")
			want := expected(t, p.Path("model"), p.Path("model/serving_input_example.json"))
			got, o := answers(t, p, request)
			if d := cmp.Diff(want, buildtest.Decoded(t, got)); d != "" {
				t.Errorf("the answer is not that of load_model(…).predict:\n%s", d)
			}
			var said []string
			for _, w := range o.Warnings {
				if text := string(w.Short); strings.Contains(text, "conda") {
					said = append(said, text)
				}
			}
			if len(said) != 1 || !strings.Contains(said[0], "scikit-learn") || !strings.Contains(said[0], "left out") {
				t.Errorf("warnings: %q", said)
			}
			if name != "exported" {
				return
			}
			lock, err := resolver.ParseLock([]byte(p.Read(t, "Deployfile.lock")))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(lock.Platforms[0].SystemPackages, func(s resolver.SystemPackage) bool { return s.Name == "default-jre-headless" }) {
				t.Error("openjdk is no Debian package of the lock")
			}
			if !strings.Contains(p.Read(t, "pylock.toml"), "name = \"numpy\"\nversion = \"2.4.6\"") {
				t.Error("numpy 2.4.6 is not locked")
			}
		})
	}
}

// TestPythonOfModel draws a version of Python that the base lacks where the model asks
// for it.
func TestPythonOfModel(t *testing.T) {
	p := shared.Example(t, "iris")
	was := "3.11.7"
	for _, version := range []string{"2.7.18", "3.6.0", "3.8.10", "3.13.1"} {
		p.Edit(t, "model/python_env.yaml", "python: "+was, "python: "+version)
		was = version
		_, err := p.TryLock(t, nil)
		if err == nil || !strings.Contains(err.Error(), `python = "3.N" in [environment]`) || !strings.Contains(err.Error(), version) {
			t.Fatalf("the error is %v", err)
		}
		sources := errdefs.Sources(err)
		if len(sources) != 1 || sources[0].Info.Filename != "model/python_env.yaml" || sources[0].Ranges[0].Start.Line != 1 {
			t.Errorf("it is drawn at %v", sources)
		}
	}
	p.Write(t, "Deployfile", p.Read(t, "Deployfile")+"\n[environment]\npython = \"3.11\"\n")
	p.Lock(t)
}

// TestModelsElsewhere refuses models that real MLflow has logged without what they are made
// of, at the line that says so, before anything is resolved.
func TestModelsElsewhere(t *testing.T) {
	for kind, c := range map[string]struct {
		line string
		want []string
	}{
		"reference": {"source_model_name: distilbert-base-uncased", []string{"save_pretrained=False", "persist_pretrained_model", "source of [model]"}},
		"adapter":   {"local_base_model_path: /mnt/base", []string{`in "/mnt/base" on the machine that logged it`, "merge_and_unload", "source of [model]"}},
		"external":  {"mlflow.model.isExternal: true", []string{"the model is external", "log_model", "source of [model]"}},
	} {
		t.Run(kind, func(t *testing.T) {
			p := logged(t, kind)
			_, err := p.TryLock(t, nil)
			buildtest.WantError(t, err, append(c.want, "model/MLmodel:")...)
			drawn := false
			for _, s := range errdefs.Sources(err) {
				for _, r := range s.Ranges {
					drawn = drawn || s.Info.Filename == "model/MLmodel" && strings.TrimSpace(strings.Split(string(s.Info.Data), "\n")[r.Start.Line-1]) == c.line
				}
			}
			if !drawn {
				t.Errorf("the line %q is not drawn: %v", c.line, errdefs.Sources(err))
			}
			if files := p.LockFiles(t); len(files) > 0 {
				t.Errorf("a lock was written: %v", files)
			}
		})
	}
}

// TestRegisteredModel gives a model fetched from a registry the lock that it has
// otherwise.
func TestRegisteredModel(t *testing.T) {
	p := shared.Tiny(t, "")
	p.Lock(t)
	want := p.LockFiles(t)
	plain := p.Build(t)
	p.Write(t, "model/registered_model_meta", "model_name: iris\nmodel_version: '3'\n")
	p.Lock(t)
	if d := cmp.Diff(want, p.LockFiles(t)); d != "" {
		t.Errorf("the lock changes:\n%s", d)
	}
	img := p.BuildWith(t, buildtest.DemandLock)
	if d := cmp.Diff(plain.Layers(t), img.Layers(t)); d != "" {
		t.Errorf("the layers change:\n%s", d)
	}
	labels := img.Config.Config.Labels
	if labels["io.github.deployfile.model.registered-name"] != "iris" || labels["io.github.deployfile.model.registered-version"] != "3" {
		t.Errorf("labels %v", labels)
	}
}

// TestModelsOwnLock resolves to the versions and the files of a model's uv.lock, from
// the index that its project names, although newer ones are there.
func TestModelsOwnLock(t *testing.T) {
	old := lab.Wheel(t, "dfone", "1.0", "WORDS = 'locked'")
	deep := lab.Wheel(t, "dfdeep", "1.0", "WORDS = 'locked, too'")
	x := lab.NewIndex(t, old, lab.Wheel(t, "dfone", "2.0", "WORDS = 'newer'"), deep, lab.Wheel(t, "dfdeep", "2.0", "WORDS = 'newer'"))
	project := "[project]\nname = \"demo\"\nversion = \"1\"\ndependencies = [\"dfone>=1\", \"dfdeep\"]\n\n[[tool.uv.index]]\nname = \"lab\"\nurl = \"" + x.URL + "/simple\"\n"
	text := "version = 1\nrequires-python = \">=3.11\"\n\n[[package]]\nname = \"demo\"\nversion = \"1\"\nsource = { virtual = \".\" }\n\n" +
		"[package.metadata]\nrequires-dist = [{ name = \"dfone\", specifier = \">=1\" }, { name = \"dfdeep\" }]\n"
	for _, w := range []lab.Distribution{old, deep} {
		name, _, _ := strings.Cut(w.Name, "-")
		text += fmt.Sprintf("\n[[package]]\nname = %q\nversion = \"1.0\"\nsource = { registry = %q }\nwheels = [{ url = %q, hash = \"sha256:%x\" }]\n",
			name, x.URL+"/simple", x.URL+"/files/"+w.Name, sha256.Sum256(w.Content))
	}
	p := shared.Tiny(t, "", "dfone>=1", "dfdeep")
	p.Write(t, "model/pyproject.toml", project)
	p.Write(t, "model/uv.lock", text)
	p.Lock(t)
	lock := p.Read(t, "pylock.toml")
	for _, name := range []string{"dfone", "dfdeep"} {
		if !strings.Contains(lock, fmt.Sprintf("name = %q\nversion = \"1.0\"", name)) {
			t.Errorf("%s 1.0 is not locked:\n%s", name, lock)
		}
	}
	p.Build(t)
	// The file of an index is no other than the locked one.
	p.Write(t, "model/uv.lock", strings.Replace(text, fmt.Sprintf("%x", sha256.Sum256(old.Content)), strings.Repeat("0", 64), 1))
	if _, err := p.TryLock(t, nil); err == nil || !strings.Contains(err.Error(), "dfone") {
		t.Errorf("a wrong hash: %v", err)
	}
	p.Write(t, "model/uv.lock", text)
	p.Edit(t, "model/pyproject.toml", "dfone>=1", "dfone>=2")
	_, err := p.TryLock(t, nil)
	if err == nil || !strings.Contains(err.Error(), "model/pyproject.toml:4: uv.lock does not fit: it was made for dfone>=1") {
		t.Errorf("a lock that does not fit: %v", err)
	}
}
