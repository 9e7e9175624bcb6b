package require

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/google/go-cmp/cmp"
)

// editor returns the editor of a Deployfile with more of [environment], beside a model and a
// file of requirements.
func editor(t *testing.T, keys string) *Editor {
	t.Helper()
	e := &Editor{
		Context: fstest.MapFS{"wheels/tool-1.0-py3-none-any.whl": &fstest.MapFile{}},
		Model: []mlmodel.Requirement{
			{Name: "mlflow", Specifier: "==3.17.2", Text: "mlflow==3.17.2", File: "model/requirements.txt", Line: 1},
			{Name: "numpy", Specifier: "==2.4.6", Text: "numpy==2.4.6", File: "model/requirements.txt", Line: 2},
			{Text: "src-1.0.tar.gz", File: "model/requirements.txt", Line: 3},
		},
		Refused: []mlmodel.Refused{
			{Name: "scipy", Text: "scipy @ file:///x", Err: &mlmodel.SourceError{File: "model/requirements.txt", Line: 4}},
			{Text: "-e .", Err: &mlmodel.SourceError{File: "model/requirements.txt", Line: 5}},
		},
		Own:    []mlmodel.Requirement{{Name: "own", Text: "own>=1", File: "more.txt", Line: 1}},
		Locked: func(name string) bool { return name == "deep" },
		Parse: func(data []byte) (*deployfile.File, error) {
			f, _, err := deployfile.Parse("Deployfile", data, kinds.All())
			return f, err
		},
	}
	if err := e.Open([]byte("[model]\nsource = \"model\" # m\n\n[environment]\n" + keys)); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAdd(t *testing.T) {
	for name, c := range map[string]struct{ keys, add, want, says string }{
		"new":                       {"", "humanize>=4", "requirements = [\"humanize>=4\"]\n", "requirements: humanize>=4"},
		"beside files":              {"requirements = [\"more.txt\"]\n", "humanize", "requirements = [\"more.txt\", \"humanize\"]\n", "requirements: humanize"},
		"again":                     {"requirements = [\"humanize>=4\"] # why\n", "Humanize==5", "requirements = [\"Humanize==5\"] # why\n", "in the place of humanize>=4"},
		"the same":                  {"requirements = [\"humanize\"]\n", "humanize", "requirements = [\"humanize\"]\n", "has humanize already"},
		"without a version":         {"requirements = [\"humanize>=4\"]\n", "humanize", "requirements = [\"humanize>=4\"]\n", "has humanize>=4 already"},
		"of the model":              {"", "numpy==1.26.4", "override = [\"numpy==1.26.4\"]\n", "override: numpy==1.26.4 in the place of numpy==2.4.6 (model/requirements.txt:2)"},
		"of the model, any version": {"", "numpy", "", "numpy==2.4.6 (model/requirements.txt:2) is required already"},
		"of the model, with extras": {"", "mlflow[genai]", "requirements = [\"mlflow[genai]\"]\n", "requirements: mlflow[genai]"},
		"overridden":                {"override = [\"numpy==1\"]\n", "numpy==2", "override = [\"numpy==2\"]\n", "override: numpy==2 in the place of numpy==1"},
		"a line that is refused":    {"", "scipy==1.11", "override = [\"scipy==1.11\"]\n", "in the place of scipy @ file:///x (model/requirements.txt:4)"},
		"left out":                  {"without = [\"NumPy\", \"x\"]\n", "numpy", "without = [\"x\"]\n", "numpy is no longer in without"},
		"by URL":                    {"", "a @ https://example.com/a-1-py3-none-any.whl", "requirements = [\"a @ https://example.com/a-1-py3-none-any.whl\"]\n", "requirements: a @"},
		"a wheel of the context":    {"", "./wheels/tool-1.0-py3-none-any.whl", "requirements = [\"./wheels/tool-1.0-py3-none-any.whl\"]\n", "requirements"},
		"a repository without name": {"", "git+https://example.com/x@v1", "requirements = [\"git+https://example.com/x@v1\"]\n", "requirements"},
		"a marker":                  {"", `a==1 ; python_version < "3.12"`, "requirements = ['a==1 ; python_version < \"3.12\"']\n", "requirements"},
	} {
		t.Run(name, func(t *testing.T) {
			e := editor(t, c.keys)
			r, err := mlmodel.ParseRequirement(e.Context, c.add, 0)
			if err != nil {
				t.Fatal(err)
			}
			says, err := e.Add(c.add, r)
			check(t, e, c.want, says, c.says, err)
		})
	}
	e := editor(t, "")
	for _, text := range []string{"own==2", "scipy"} {
		r, _ := mlmodel.ParseRequirement(e.Context, text, 0)
		if _, err := e.Add(text, r); err == nil || !strings.Contains(err.Error(), ".txt:") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestRemove(t *testing.T) {
	for name, c := range map[string]struct{ keys, remove, want, says string }{
		"a requirement":            {"requirements = [\"a\", \"b>=1\"]\n", "B", "requirements = [\"a\"]\n", "b>=1 is removed"},
		"of the model":             {"", "numpy", "without = [\"numpy\"]\n", "without: numpy, which leaves out numpy==2.4.6 (model/requirements.txt:2)"},
		"overridden":               {"override = [\"numpy==1\"]\n", "numpy", "override = []\nwithout = [\"numpy\"]\n", "numpy==1 is removed"},
		"a line that is refused":   {"", "scipy", "without = [\"scipy\"]\n", "leaves out scipy @ file:///x"},
		"a line without a name":    {"", "-e .", "without = [\"-e .\"]\n", "leaves out -e . (model/requirements.txt:5)"},
		"an sdist of the model":    {"", "src-1.0.tar.gz", "without = [\"src-1.0.tar.gz\"]\n", "without"},
		"a dependency":             {"", "deep", "without = [\"deep\"]\n", "what is locked"},
		"left out already":         {"without = [\"numpy\"]\n", "numpy", "without = [\"numpy\"]\n", "without has numpy already"},
		"a repository, as written": {"requirements = [\"git+https://example.com/x@v1\"]\n", "git+https://example.com/x@v1", "requirements = []\n", "is removed"},
	} {
		t.Run(name, func(t *testing.T) {
			e := editor(t, c.keys)
			says, err := e.Remove(c.remove)
			check(t, e, c.want, says, c.says, err)
		})
	}
	e := editor(t, "")
	for text, want := range map[string]string{"own": "more.txt:1", "typo": "nothing requires typo", "mlflow": "serves the model", "./x": "nothing requires ./x"} {
		if _, err := e.Remove(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func check(t *testing.T, e *Editor, want, says, said string, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	_, keys, _ := strings.Cut(string(e.Bytes()), "[environment]\n")
	if d := cmp.Diff(want, keys); d != "" {
		t.Error(d)
	}
	if !strings.Contains(says, said) {
		t.Errorf("it says %q, want %q", says, said)
	}
}
