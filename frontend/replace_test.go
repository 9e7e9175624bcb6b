package frontend

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/deployfile/deployfile/internal/listing"
	"github.com/deployfile/deployfile/resolver"
	"github.com/google/go-cmp/cmp"
)

// replaceFiles returns a model with good and bad lines, and files of the Deployfile.
func replaceFiles(requirements string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"model/MLmodel": goodModel, "model/requirements.txt": requirements, "more.txt": "numpy>=2\n", "old.txt": "scipy<1.10\n",
		"wheels/tool-3.0-py3-none-any.whl": "", "name": "named==1\n",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func TestReplacements(t *testing.T) {
	const model = "mlflow==3.17.2\nnumpy @ file:///croot/numpy-2.4.6-cp311-cp311-linux_x86_64.whl\npywin32==306\n-e .\nuvicorn[standard]==0.2\nscipy==1.9 --hash=sha256:" +
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n-c c.txt\n"
	files := replaceFiles(model)
	files["model/c.txt"] = &fstest.MapFile{Data: []byte("scipy<2\nnumpy<3\n")}
	found, err := Inspect("Deployfile", []byte(`[model]
source = "model"
[environment]
override     = ["numpy==1.26.4", "Scipy>=1.10", "uvicorn==0.3", "deep @ https://example.com/deep-1-py3-none-any.whl"]
without      = ["PyWin32", "-e  .", "somewhere"]
requirements = ["name", "humanize", "tool @ ./wheels/tool-3.0-py3-none-any.whl"]
`), files, nil)
	if err != nil {
		t.Fatal(err)
	}
	in := found.Inputs
	for _, d := range []string{
		cmp.Diff([]string{"numpy==1.26.4", "mlflow==3.17.2", "uvicorn[standard]==0.3", "Scipy>=1.10", "named==1", "humanize", "./wheels/tool-3.0-py3-none-any.whl"}, in.Requirements),
		cmp.Diff([]string{"numpy==1.26.4", "Scipy>=1.10", "uvicorn==0.3", "deep @ https://example.com/deep-1-py3-none-any.whl"}, in.Override),
		cmp.Diff([]string{"pywin32", "somewhere"}, in.Without),
		cmp.Diff([]string(nil), in.Constraints),
		cmp.Diff([]string{"somewhere"}, found.env.unproven),
	} {
		if d != "" {
			t.Error(d)
		}
	}
}

// A lock for several environments has a version for each, with hashes of its own; an
// override is of packages, too, that only others require.
func TestDemandedHashes(t *testing.T) {
	a, b, c := "sha256:"+strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64), "sha256:"+strings.Repeat("c", 64)
	files := replaceFiles("numpy==1.26.4 ; python_version < '3.12' --hash=" + a + "\nnumpy==2.4.6 ; python_version >= '3.12' --hash=" + b + "\nscipy==1.9 --hash=" + a + "\n")
	found, err := Inspect("Deployfile", []byte("[model]\nsource = \"model\"\n[environment]\noverride = [\"deep==1 --hash="+c+"\"]\n"), files, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := resolver.Hashes{
		Allowed: map[string][][]string{"scipy": {{a}}, "deep": {{c}}},
		Pinned:  map[string][]resolver.PinnedHashes{"numpy": {{Specifier: "==1.26.4", Hashes: []string{a}}, {Specifier: "==2.4.6", Hashes: []string{b}}}},
	}
	if d := cmp.Diff(want, found.env.hashes); d != "" {
		t.Error(d)
	}
}

// What the keys say against each other, or against the model, is one error at its
// item.
func TestReplacementFaults(t *testing.T) {
	const head = "[model]\nsource = \"model\"\n[environment]\n"
	for name, c := range map[string]struct {
		model, keys, want string
		at                []string
	}{
		"a line that nothing replaces":     {"a @ file:///x\n", "", `without = ["a"] to leave it out`, []string{"model/requirements.txt:1: a @ file:///x", `Deployfile:2: source = "model"`}},
		"override without a version":       {"a\n", `override = ["a"]`, `must be a requirement with its version or place`, []string{`Deployfile:4: override = ["a"]`}},
		"override by an option":            {"a\n", `override = ["-e ."]`, "must be a requirement", []string{`Deployfile:4: override = ["-e ."]`}},
		"override twice":                   {"a\n", `override = ["a==1", "A==2"]`, "override has a twice", []string{`Deployfile:4: override = ["a==1", "A==2"]`}},
		"both keys":                        {"a\n", "override = [\"a==1\"]\nwithout = [\"a\"]", "override replaces a, and without leaves it out", []string{`Deployfile:4: override = ["a==1"]`}},
		"override against a file":          {"numpy\n", "override = [\"numpy==1.26\"]\nrequirements = [\"more.txt\"]", `contradicts "numpy>=2", which the Deployfile asks for itself (more.txt:1)`, []string{`Deployfile:4: override = ["numpy==1.26"]`}},
		"override against a constraint":    {"scipy\n", "override = [\"scipy==1.11\"]\nconstraints = [\"old.txt\"]", `contradicts "scipy<1.10"`, []string{`Deployfile:4: override = ["scipy==1.11"]`}},
		"without against requirements":     {"a\n", "without = [\"b\"]\nrequirements = [\"b==1\"]", "without leaves out b==1, which the Deployfile requires itself (item 1 of requirements)", []string{`Deployfile:4: without = ["b"]`}},
		"without a version":                {"a\n", `without = ["a==1"]`, `write "a"`, []string{`Deployfile:4: without = ["a==1"]`}},
		"without a line that is not there": {"a\n", `without = ["-e ."]`, "neither a package's name nor a line", []string{`Deployfile:4: without = ["-e ."]`}},
		"without the server":               {"mlflow\n", `without = ["mlflow"]`, "which serves the model", []string{`Deployfile:4: without = ["mlflow"]`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Inspect("Deployfile", []byte(head+c.keys+"\n"), replaceFiles(c.model), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want one with %q", err, c.want)
			}
			if d := cmp.Diff(c.at, places(err)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestDisjoint(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{">=2", "==1.26.4", true}, {">=1.20,<2", "==1.26.4", false}, {"==2.1.0", "==2.1.0+cu118", false}, {"<=2", ">=2", false},
		{"==1.*", "==1.5", false}, {"==1.*", "==2.0", true}, {"~=1.4", "==1.9", false}, {"!=1.0", "==1.0", true}, {"", "==1", false}, {"===odd", "==1", false},
		{">=1", "==2.0rc1", false},
	} {
		if got := disjoint(c.a, c.b); got != c.want {
			t.Errorf("disjoint(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

// The server needs MLflow, however the model asks for it.
func TestMLflowOfTheServer(t *testing.T) {
	for name, c := range map[string]struct {
		model, keys  string
		mlflow       string
		requirements []string
	}{
		"nowhere":           {"six\n", "", "skinny", []string{"six", "mlflow==3.17.2"}},
		"unpinned":          {"mlflow\n", "", "skinny", []string{"mlflow==3.17.2"}},
		"by URL":            {"mlflow @ https://example.com/mlflow-3.17.2+corp.1-py3-none-any.whl\n", "", "full", []string{"mlflow @ https://example.com/mlflow-3.17.2+corp.1-py3-none-any.whl"}},
		"by repository":     {"mlflow @ git+https://example.com/mlflow@main\n", "", "full", []string{"mlflow @ git+https://example.com/mlflow@main"}},
		"skinny alone":      {"mlflow-skinny==3.17.2\n", "", "skinny", []string{"mlflow-skinny==3.17.2"}},
		"skinny, and full":  {"mlflow-skinny==3.17.2\n", "mlflow = \"full\"\n", "full", []string{"mlflow-skinny==3.17.2", "mlflow==3.17.2"}},
		"overridden":        {"mlflow\n", "override = [\"mlflow==3.18.0\"]\n", "skinny", []string{"mlflow==3.18.0"}},
		"of the Deployfile": {"six\n", "requirements = [\"mlflow==3.18.0\"]\n", "skinny", []string{"six", "mlflow==3.18.0"}},
	} {
		found, err := Inspect("Deployfile", []byte("[model]\nsource = \"model\"\n[environment]\n"+c.keys), replaceFiles(c.model), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(c.requirements, found.Inputs.Requirements); d != "" || found.Inputs.MLflow != c.mlflow {
			t.Errorf("%s: mlflow is %s, requirements:\n%s", name, found.Inputs.MLflow, d)
		}
	}
}

// A model of a megabyte of names must not become a megabyte for each target.
func TestWarningOfManyVariables(t *testing.T) {
	names := make([]string, 1000)
	for n := range names {
		names[n] = "A" + strings.Repeat("B", n%50)
	}
	if got := listing.First(names); len(got) > 500 || !strings.HasSuffix(got, " and 988 more") {
		t.Errorf("%q", got)
	}
	if got := listing.First(names[:2]); got != "A, AB" {
		t.Errorf("%q", got)
	}
}

// What an error about lines of a model says to write is what mends them, word by word.
func TestAdviceMends(t *testing.T) {
	for name, c := range map[string]struct{ model, keys string }{
		"conda's pip freeze":  {"Bottleneck @ file:///croot/bottleneck_1/work\ncertifi @ file:///croot/certifi_1/work/certifi\nnumpy @ file:///x/numpy-2.4.6-cp311-cp311-linux_x86_64.whl\nmlflow==3.17.2\n", ""},
		"lines without names": {"-e .\n./nowhere-1.0.tar.gz\n'/dbfs/x-1.0-py3-none-any.whl'\n--extra-index-url https://${USER}:${TOKEN}@example.com/simple\n", ""},
		"one line":            {"-e .\n", ""},
		"one name":            {"a=1.2\n", ""},
		"another Python":      {"a\n", `python = "3.11"`},
	} {
		t.Run(name, func(t *testing.T) {
			files := replaceFiles(c.model)
			if c.keys != "" {
				files["model/MLmodel"].Data = []byte(strings.Replace(goodModel, "python_version: 3.11", "python_version: 3.7", 1))
			}
			const head = "[model]\nsource = \"model\"\n[environment]\n"
			_, err := Inspect("Deployfile", []byte(head), files, nil)
			if err == nil {
				t.Fatal("the model is no fault")
			}
			keys := c.keys
			if keys == "" {
				found := regexp.MustCompile(`(override|without) = \[[^\]]*\]`).FindAllString(err.Error(), -1)
				if name == "one name" {
					// Either of the two.
					found = found[:1]
				}
				keys = strings.Join(found, "\n")
			} else if !strings.Contains(err.Error(), `python = "3.N" in [environment]`) {
				t.Errorf("%v", err)
			}
			if _, err := Inspect("Deployfile", []byte(head+keys+"\n"), files, nil); err != nil {
				t.Errorf("with\n%s\n%v", keys, err)
			}
		})
	}
}
