package mlmodel

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadLinks(t *testing.T) {
	m, _, err := Read(files("MLmodel", `flavors:
  python_function:
    artifacts:
      table: {path: 'artifacts\table.csv', uri: 'C:\work\other.csv'}
      folder: {path: 'artifacts\sub'}
      mixed: {path: 'artifacts/sub\deep.txt'}
      there: {path: 'artifacts\there.csv'}
      absent: {path: 'artifacts\absent.csv'}
      outside: {path: '..\secret'}
      again: {path: 'artifacts\table.csv'}
    code: 'code\lib'
    loader_module: mlflow.pyfunc.model
    model_code_path: 'C:\work\wrappers\serving.py'
    python_version: 3.11.7
`, "requirements.txt", "a", "serving.py", "", "artifacts/table.csv", "", "artifacts/sub/deep.txt", "", `artifacts\there.csv`, "", "artifacts/there.csv", "",
		"code/lib/a.py", "", "other.csv", ""), ".")
	if err != nil {
		t.Fatal(err)
	}
	want := []Link{
		{`C:\work\wrappers\serving.py`, "serving.py"},
		{`artifacts/sub\deep.txt`, "sub/deep.txt"},
		{`artifacts\sub`, "artifacts/sub"},
		{`artifacts\table.csv`, "artifacts/table.csv"},
		{`code\lib`, "code/lib"},
	}
	if diff := cmp.Diff(want, m.Links); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if m.ModelPath != "serving.py" || m.CodePath != "code/lib" {
		t.Errorf("model %q, code %q", m.ModelPath, m.CodePath)
	}
}

func TestReadRegistered(t *testing.T) {
	for text, want := range map[string][2]string{
		"model_name: iris\nmodel_version: '3'\n": {"iris", "3"},
		"model_name: iris\nmodel_version: 3\n":   {"iris", "3"},
		"model_name: \"a\\eb\"\n":                {"", ""},
		"other: 1\n":                             {"", ""},
	} {
		m, warnings, err := Read(files("MLmodel", condaModel, "requirements.txt", "a", RegisteredModelMeta, text), ".")
		if err != nil || len(warnings) > 0 || [2]string{m.RegisteredName, m.RegisteredVersion} != want {
			t.Errorf("%q: %q %q, %v, %v", text, m.RegisteredName, m.RegisteredVersion, warnings, err)
		}
	}
	m, warnings, err := Read(files("MLmodel", condaModel, "requirements.txt", "a", RegisteredModelMeta, "- a\n"), ".")
	if err != nil || len(warnings) != 1 || m.RegisteredName != "" {
		t.Errorf("%+v, %v, %v", m, warnings, err)
	}
}

func TestReadVariables(t *testing.T) {
	m, _, err := Read(files("MLmodel", condaModel+"env_vars: [A, OPENAI_API_KEY]\n", "requirements.txt", "a",
		"environment_variables.txt", "# This file records environment variable names\n\nOPENAI_API_KEY\nB=x\nwith space\n"), ".")
	if err != nil || !slices.Equal(m.EnvVars, []string{"A", "OPENAI_API_KEY", "B"}) {
		t.Errorf("%q, %v", m.EnvVars, err)
	}
}

func TestVariablesGrowLinearly(t *testing.T) {
	var b strings.Builder
	for n := range maxVariables / 8 {
		fmt.Fprintf(&b, "A%06x\n", n)
	}
	began := time.Now()
	m, _, err := Read(files("MLmodel", condaModel, "requirements.txt", "a", "environment_variables.txt", b.String()), ".")
	if err != nil || len(m.EnvVars) != maxVariables/8 {
		t.Fatalf("%d, %v", len(m.EnvVars), err)
	}
	// Comparing each with all would take more than half a minute.
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestProjectGrowsLinearly(t *testing.T) {
	const many = 50_000
	var project, lock strings.Builder
	project.WriteString("[project]\nname = \"a\"\ndependencies = [\n")
	lock.WriteString("version = 1\n[[package]]\nname = \"a\"\nsource = { virtual = \".\" }\n[package.metadata]\nrequires-dist = [\n")
	for n := range many {
		// An escape, so that no line has the text itself.
		fmt.Fprintf(&project, "  \"\\u0062>=%d\",\n", n)
		fmt.Fprintf(&lock, "  { name = \"b\", specifier = \">=%d\" },\n", n)
	}
	project.WriteString("]\n")
	lock.WriteString("]\n")
	began := time.Now()
	m, _, err := Read(files("MLmodel", condaModel, "pyproject.toml", project.String(), "uv.lock", lock.String()), ".")
	if err != nil || len(m.Requirements) != many {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

// YAML's aliases may lead back, and multiply what is there.
func TestAliasesOfRequirements(t *testing.T) {
	const head = "python: 3.11.7\ndependencies:\n"
	long, many := strings.Repeat("# ", 100_000), strings.Repeat("- *a\n", 3000)
	for name, test := range map[string]struct{ file, text, at, message string }{
		"python_env.yaml in itself": {"python_env.yaml", head + "- &a\n  pip: [*a]\n", "python_env.yaml:3", "a requirement must be a string"},
		"conda.yaml in itself":      {"conda.yaml", "dependencies:\n- pip: &a [{pip: *a}]\n", "conda.yaml:2", "a requirement must be a string"},
		"a text many times":         {"python_env.yaml", head + "- &a \"" + long + "\"\n" + many, "python_env.yaml:3", "more than 32 MiB"},
		"a list many times":         {"python_env.yaml", head + "- &a\n  pip: [\"\"" + strings.Repeat(",\"\"", 1000) + "]\n" + many, "python_env.yaml:4", "more than 32 MiB"},
		"a list of conda's":         {"conda.yaml", "dependencies:\n- &a\n  pip: [\"\"" + strings.Repeat(",\"\"", 1000) + "]\n" + many, "conda.yaml:2", "more than 100000 requirements"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := Read(files("MLmodel", condaModel, test.file, test.text), ".")
			checkFault(t, err, test.at, test.message, "")
			checkAdvice(t, err)
		})
	}
}

func TestReadElsewhere(t *testing.T) {
	for _, test := range []struct{ text, where, message, hint string }{
		{"metadata:\n  mlflow.model.isExternal: true\nmodel_id: m-1\n", "MLmodel:2", "the model is external", "log_model"},
		{condaModel + "metadata: {mlflow.model.isExternal: false}\n", "", "", ""},
		{strings.Replace(condaModel, "flavors:\n", "flavors:\n  transformers:\n    source_model_name: distilbert\n    source_model_revision: abc\n", 1),
			"MLmodel:3", "logged with save_pretrained=False", "persist_pretrained_model"},
		{strings.Replace(condaModel, "flavors:\n", "flavors:\n  transformers:\n    source_model_name: acme/base\n    local_base_model_path: /mnt/base\n    peft_adaptor: peft\n", 1),
			"MLmodel:4", `in "/mnt/base" on the machine that logged it`, "merge_and_unload"},
		{strings.Replace(condaModel, "flavors:\n", "flavors:\n  transformers:\n    source_model_name: distilbert\n    model_binary: model\n", 1), "", "", ""},
		{strings.Replace(condaModel, "flavors:\n", "flavors:\n  transformers:\n    source_model_name: distilbert\n    source_model_revision: "+strings.Repeat("a", 40)+"\n", 1), "", "", ""},
		{strings.Replace(condaModel, "flavors:\n", "flavors:\n  transformers:\n    source_model_name: ../../x\n    source_model_revision: "+strings.Repeat("a", 40)+"\n", 1),
			"MLmodel:3", "names no commit", "persist_pretrained_model"},
	} {
		_, _, err := Read(files("MLmodel", test.text, "requirements.txt", "a"), ".")
		if test.where == "" {
			if err != nil {
				t.Errorf("%q: %v", test.text, err)
			}
			continue
		}
		checkFault(t, err, test.where, test.message, test.hint)
		checkAdvice(t, err)
	}
}

func TestReadCode(t *testing.T) {
	requiring := func(requirement, code, path string) *Model {
		t.Helper()
		m, _, err := Read(files("MLmodel", strings.Replace(condaModel, "    loader_module", "    code: code\n    model_code_path: /tmp/x/serving.py\n    loader_module", 1),
			"python_env.yaml", "build_dependencies: [pip, setuptools==66.1.1]\ndependencies: ["+requirement+"]\n", path, code), ".")
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	read := func(code, path string) *Model { return requiring("a", code, path) }
	setuptools := func(r Requirement) bool {
		return r.Text == "setuptools==66.1.1" && r.File == "python_env.yaml" && r.Line == 1
	}
	for code, want := range map[string]bool{
		"import pkg_resources\n": true, "def f():\n    from distutils.version import X\n": true, "from setuptools import find\n": true,
		"# import pkg_resources\n": false, "import pkg_resources_like\n": false, "import mlflow\n": false,
	} {
		for _, path := range []string{"serving.py", "code/sub/a.py"} {
			m := read(code, path)
			if got := slices.ContainsFunc(m.Requirements, setuptools); got != want {
				t.Errorf("%q in %s: %+v", code, path, m.Requirements)
			}
		}
	}
	if m := requiring("Paddlepaddle==3.3.1", "", "serving.py"); !slices.ContainsFunc(m.Requirements, setuptools) {
		t.Errorf("a distribution that imports setuptools: %+v", m.Requirements)
	}
	for code, want := range map[string]bool{
		"import mlflow\nmlflow.set_experiment('a')\n": true, "with mlflow.start_run():\n": true,
		"@mlflow.trace\n": false, "mlflow.models.set_model(M())\n": false,
	} {
		if m := read(code, "serving.py"); m.Tracks != want {
			t.Errorf("%q: tracks is %t", code, m.Tracks)
		}
	}
}
