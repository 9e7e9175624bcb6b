package mlmodel

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestReadFaults(t *testing.T) {
	model := func(more string) fstest.MapFS { return files("m/MLmodel", mlmodel2+more) }
	with := func(name, text string) fstest.MapFS { return files("m/MLmodel", mlmodel2, "m/"+name, text) }
	tests := []struct {
		name                 string
		fsys                 fstest.MapFS
		where, message, hint string
	}{
		{"empty", files("m/MLmodel", ""), "m/MLmodel:1", "the file is empty", ""},
		{"not a mapping", files("m/MLmodel", "\n- a\n"), "m/MLmodel:2", "must be a YAML mapping", ""},
		{"not YAML", model("a: b: c\n"), "m/MLmodel:11", "this is not YAML: mapping values are not allowed", ""},
		{"tab", files("m/MLmodel", "flavors:\n\tpython_function: {}\n"), "m/MLmodel:2", "this is not YAML", ""},
		{"not text", files("m/MLmodel", "a: b\nc: \xff\n"), "m/MLmodel:2", "not UTF-8", ""},
		{"flavors a list", files("m/MLmodel", "flavors:\n- a\n"), "m/MLmodel:2", "flavors must be a mapping", ""},
		{"empty flavor", files("m/MLmodel", "flavors:\n  python_function:\n"), "m/MLmodel:2", "python_function is empty", ""},
		{"flavor a text", files("m/MLmodel", "flavors:\n  python_function: x\n"), "m/MLmodel:2", "python_function must be a mapping", ""},
		{"run_id a list", model("run_id: [1]\n"), "m/MLmodel:11", "run_id must be a string", ""},
		{"Python version", files("m/MLmodel", "flavors:\n  python_function:\n    python_version: three\n"), "m/MLmodel:3", `"three" is not a Python version`, `python = "3.N" in [environment]`},
		{"code outside", files("m/MLmodel", "flavors:\n  python_function:\n    code: ../x\n"), "m/MLmodel:3", `code names "../x", which is outside`, "get the model from where it was logged"},
		{"data absolute", files("m/MLmodel", "flavors:\n  python_function:\n    data: /x\n"), "m/MLmodel:3", `data names "/x"`, ""},
		{"env a list", files("m/MLmodel", "flavors:\n  python_function:\n    env: [a]\n"), "m/MLmodel:3", "env must be a file's name or a mapping", ""},
		{"env outside", files("m/MLmodel", "flavors:\n  python_function:\n    env:\n      virtualenv: ../a.yaml\n"), "m/MLmodel:4", "virtualenv names", ""},
		{"signature a text", model("signature: x\n"), "m/MLmodel:11", "signature must be a mapping", ""},
		{"example a text", model("saved_input_example_info: x\n"), "m/MLmodel:11", "must be a mapping", ""},
		{"variables a text", model("env_vars: x\n"), "m/MLmodel:11", "env_vars must be a list", ""},
		{"python_env.yaml a list", with("python_env.yaml", "- a\n"), "m/python_env.yaml:1", "must be a YAML mapping", ""},
		{"python_env.yaml's Python", files("m/MLmodel", "flavors:\n  python_function: {loader_module: m}\n", "m/python_env.yaml", "\npython: x\n"), "m/python_env.yaml:2", `"x" is not a Python version`, `python = "3.N" in [environment]`},
		{"python_env.yaml's dependencies", with("python_env.yaml", "dependencies: a\n"), "m/python_env.yaml:1", "dependencies must be a list", ""},
		{"python_env.yaml's dependency", with("python_env.yaml", "dependencies:\n- [a]\n"), "m/python_env.yaml:2", "a requirement must be a string", ""},
		{"python_env.yaml names no file", with("python_env.yaml", "dependencies:\n- -r requirements.txt\n"), "m/python_env.yaml:2", "there is no file m/requirements.txt", ""},
		{"python_env.yaml with a credential", with("python_env.yaml", "dependencies:\n- a\n- -i https://u:hunter2@example.com/\n"), "m/python_env.yaml:3", "credential", "secret"},
		{"requirements.txt", with("requirements.txt", "a\nb=1\n"), "m/requirements.txt:2", `"=1" is not a version specifier`, ""},
		{"requirements.txt leaves the tree", with("requirements.txt", "-r ../../a.txt\n"), "m/requirements.txt:1", "outside", ""},
		{"unused conda.yaml with a credential", files("m/MLmodel", mlmodel2, "m/python_env.yaml", "dependencies: [a]", "m/conda.yaml", "channels:\n- https://u:hunter2@example.com/c\n"),
			"m/conda.yaml:2", "there is a credential in the URL, and the file would go into the image", "secret"},
		{"conda.yaml's requirement", with("conda.yaml", "dependencies:\n- pip:\n  - a\n  - -e .\n"), "m/conda.yaml:4", "editable", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, _, err := Read(test.fsys, "m")
			if m != nil && len(m.Refused) == 1 {
				err = RefusedError(m.Refused)
			} else if m != nil && m.PythonErr != nil {
				err = m.PythonErr
			} else if m != nil {
				t.Errorf("got a model: %+v", m)
			}
			checkFault(t, err, test.where, test.message, test.hint)
			checkAdvice(t, err)
			if strings.Contains(err.Error(), "hunter2") {
				t.Error("the credential is shown")
			}
		})
	}
}

// checkAdvice checks that an error about a model says what to do, and that this changes
// no file of the model.
func checkAdvice(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	for _, word := range []string{"it again", "edit", "rename", "take it out", "take out", "replace it by", "save the file", "write it as", "put the", "write less"} {
		if strings.Contains(text, word+" ") && !strings.Contains(text, word+" project's code under code") {
			t.Errorf("the error tells to change the model (%q): %v", word, err)
		}
	}
	for _, way := range []string{"[environment]", ".dockerignore", "source of [model]", "can be built", "git lfs pull"} {
		if strings.Contains(text, way) {
			return
		}
	}
	t.Errorf("the error does not say what to do: %v", err)
}

func TestReadNoPyfunc(t *testing.T) {
	tests := []struct {
		name, text string
		want       NoPyfuncError
		message    string
	}{
		{"others", "run_id: a\nflavors:\n  spark: {}\n  h2o: {}\n", NoPyfuncError{File: "MLmodel", Line: 3, Flavors: []string{"h2o", "spark"}},
			"MLmodel:3: the model has no python_function flavor; its flavors are h2o, spark"},
		{"R", "flavors:\n  crate: {model: crate.bin}\n", NoPyfuncError{File: "MLmodel", Line: 2, Flavors: []string{"crate"}}, "only R serves that"},
		{"none", "run_id: a\n", NoPyfuncError{File: "MLmodel", Line: 1}, "it has no flavors at all"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := Read(files("MLmodel", test.text), ".")
			var got *NoPyfuncError
			if !errors.As(err, &got) {
				t.Fatalf("got %v", err)
			}
			if diff := cmp.Diff(&test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if !strings.Contains(err.Error(), test.message) {
				t.Errorf("%q lacks %q", err, test.message)
			}
			checkAdvice(t, err)
		})
	}
}

func TestReadMissing(t *testing.T) {
	many := fstest.MapFS{}
	for _, name := range strings.Split("abcdefghij", "") {
		many[name] = &fstest.MapFile{}
	}
	tests := []struct {
		name, dir string
		fsys      fstest.MapFS
		message   string
	}{
		{"one level below", ".", files("model/MLmodel", "", "a.txt", ""), "no MLmodel in ., but there is one in model: use that directory"},
		{"several below", "x", files("x/b/MLmodel", "", "x/a/MLmodel", ""), "no MLmodel in x, but these directories have one: x/a, x/b: use one of them"},
		{"other files", ".", files("b.txt", "", "a/c", ""), "no MLmodel in .: there is only a/, b.txt"},
		{"many files", ".", many, "no MLmodel in .: there is a, b, c, d, e, f, g, h and 2 more"},
		{"empty", ".", files(), "no MLmodel in .: the directory is empty"},
		{"no folder", "x", files("b.txt", ""), "no MLflow Model in x: file does not exist"},
		{"outside", "../x", files("b.txt", ""), "no MLflow Model in ../x: invalid argument"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := Read(test.fsys, test.dir)
			var missing *MissingModelError
			if !errors.As(err, &missing) || missing.Dir != test.dir {
				t.Fatalf("got %v", err)
			}
			if err.Error() != test.message {
				t.Errorf("got  %s\nwant %s", err, test.message)
			}
		})
	}
	_, _, err := Read(files("b.txt", ""), "x")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v hides its cause", err)
	}
}
