package frontend

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/deployfile/deployfile/internal/testing/growth"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/solver/errdefs"
)

const goodModel = "flavors:\n  python_function:\n    loader_module: tiny\n    python_version: 3.11.2\nmlflow_version: 3.17.2\n"

// TestInspect finds what is wrong, and where.
func TestInspect(t *testing.T) {
	for _, tt := range []struct {
		name string
		// deployfile follows [model] and its source.
		deployfile string
		// files are further ones, or take the place of those that all tests have.
		files map[string]string
		// want is what the error says, "" if there is none; at are the lines that
		// it is about, as file:line: text.
		want string
		at   []string
	}{
		{name: "good"},
		{name: "unknown key", deployfile: "nam = \"x\"\n", want: `unknown key "nam"`, at: []string{`Deployfile:3: nam = "x"`}},
		{name: "no Python", files: map[string]string{"model/MLmodel": strings.Replace(goodModel, "    python_version: 3.11.2\n", "", 1)}, deployfile: "[environment]\ncode = []\n",
			want: "does not say which Python", at: []string{"Deployfile:3: [environment]"}},
		{name: "bad requirement", files: map[string]string{"model/requirements.txt": "a\nb====\n"},
			want: "model/requirements.txt:2: ", at: []string{"model/requirements.txt:2: b====", `Deployfile:2: source = "model"`}},
		{name: "bad requirement of the Deployfile's own", deployfile: "[environment]\nrequirements = [\"one.txt\", \"two.txt\"]\n", files: map[string]string{"one.txt": "a\n", "two.txt": "b====\n"},
			want: "two.txt:1: ", at: []string{"two.txt:1: b====", `Deployfile:4: requirements = ["one.txt", "two.txt"]`}},
		{name: "a requirement beside files", deployfile: "[environment]\nrequirements = [\"numpy==2\", \"wheel\"]\n"},
		{name: "a requirement that is none", deployfile: "[environment]\nrequirements = [\"numpy=2\"]\n",
			want: `"=2" is not a version specifier`, at: []string{`Deployfile:4: requirements = ["numpy=2"]`}},
		{name: "no code", deployfile: "[environment]\ncode = [\"src\"]\n", want: `code directory "src"`, at: []string{`Deployfile:4: code = ["src"]`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := fstest.MapFS{}
			for name, text := range map[string]string{
				"model/MLmodel": goodModel, "model/requirements.txt": "mlflow==3.17.2\n",
				"model/python_env.yaml": "dependencies: [-r requirements.txt]\n",
			} {
				files[name] = &fstest.MapFile{Data: []byte(text)}
			}
			for name, text := range tt.files {
				files[name] = &fstest.MapFile{Data: []byte(text)}
			}
			found, err := Inspect("Deployfile", []byte("[model]\nsource = \"model\"\n"+tt.deployfile), files, nil)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if err == nil && (found.Model == nil || found.Inputs.Python != "3.11") {
				t.Errorf("found %+v", found)
			}
			if d := cmp.Diff(tt.at, places(err)); d != "" {
				t.Error(d)
			}
		})
	}
}

// A source that no scheme matches is refused at its line.
func TestInspectRefusesUnknownSource(t *testing.T) {
	_, err := Inspect("Deployfile", []byte("[model]\nsource = \"ftp://bucket/iris\"\n"), fstest.MapFS{}, nil)
	var unknown *modelsource.UnknownError
	if !errors.As(err, &unknown) {
		t.Errorf("error %v", err)
	}
	if d := cmp.Diff([]string{`Deployfile:2: source = "ftp://bucket/iris"`}, places(err)); d != "" {
		t.Error(d)
	}
}

// A model that is not in the build context is read as one of its directories.
func TestWithModel(t *testing.T) {
	files := withModel{
		context: fstest.MapFS{"requirements.txt": {Data: []byte("own\n")}, "model/MLmodel": {Data: []byte("another\n")}},
		model:   fstest.MapFS{"MLmodel": {Data: []byte(goodModel)}, "requirements.txt": {Data: []byte("a\n-r more.txt\n")}, "more.txt": {Data: []byte("b\n")}},
	}
	model, _, err := mlmodel.Read(files, modelsource.Elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range model.Requirements {
		names = append(names, r.Name)
	}
	if d := cmp.Diff([]string{"a", "b"}, names); d != "" {
		t.Error(d)
	}
	if data, err := fs.ReadFile(files, "requirements.txt"); err != nil || string(data) != "own\n" {
		t.Errorf("requirements.txt beside the model is %q: %v", data, err)
	}
}

// places returns the lines that an error is about.
func places(err error) []string {
	var out []string
	for _, s := range errdefs.Sources(err) {
		lines := strings.Split(string(s.Info.Data), "\n")
		for _, r := range s.Ranges {
			out = append(out, fmt.Sprintf("%s:%d: %s", s.Info.Filename, r.Start.Line, lines[r.Start.Line-1]))
		}
	}
	return out
}

// What untrusted requirements cost grows with their number: in lists that were
// searched, 300 000 took 200 s.
func TestInspectGrowsLinearly(t *testing.T) {
	lines := func(format string) func(n int) string {
		return func(n int) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, format, i)
			}
			return b.String()
		}
	}
	for name, tt := range map[string]struct {
		n    int
		text func(n int) string
	}{
		"requirements": {n: 10_000, text: lines("p%d\n")},
		"hashes":       {n: 5_000, text: func(n int) string { return "a==1" + lines(" --hash=sha256:%064d")(n) + "\n" }},
		"names":        {n: 10_000, text: func(n int) string { return "--only-binary=" + lines("p%d,")(n) + "\n" }},
		"places":       {n: 5_000, text: lines("--find-links=https://files.example.com/%d\n")},
		"indexes":      {n: 5_000, text: lines("--extra-index-url=https://files.example.com/%d\n")},
	} {
		t.Run(name, func(t *testing.T) {
			growth.Linear(t, tt.n, func(n int) func() {
				files := fstest.MapFS{"m/MLmodel": {Data: []byte(goodModel)}, "m/requirements.txt": {Data: []byte(tt.text(n))}}
				return func() {
					found, err := Inspect("Deployfile", []byte("model.source = 'm'\n"), files, nil)
					if err != nil {
						t.Fatal(err)
					}
					found.Lint(nil, nil, time.Time{})
				}
			})
		})
	}
}

// A Deployfile may name a file as often as it has room: all together count.
func TestInspectRefusesManyFiles(t *testing.T) {
	files := fstest.MapFS{
		"m/MLmodel": {Data: []byte(goodModel)}, "m/requirements.txt": {Data: []byte("a\n")},
		"large": {Data: []byte(strings.Repeat("#", 2<<20))}, "many": {Data: []byte(strings.Repeat("a\n", 1000))},
	}
	for _, name := range []string{"large", "many"} {
		for _, key := range []string{"requirements", "constraints"} {
			text := "model.source = 'm'\n[environment]\n" + key + " = [" + strings.Repeat("'"+name+"',", 20_000) + "]\n"
			_, err := Inspect("Deployfile", []byte(text), files, nil)
			if err == nil || !strings.Contains(err.Error(), "more than 8 MiB or 100000 requirements") {
				t.Errorf("%s in %s: error %v", name, key, err)
			}
		}
	}
}

// A lock that is out of date names what somebody has written.
func TestChangesNameTheirCause(t *testing.T) {
	files := fstest.MapFS{
		"model/MLmodel":          {Data: []byte(goodModel)},
		"model/requirements.txt": {Data: []byte("mlflow==3.17.2\n")},
		"model/python_env.yaml":  {Data: []byte("dependencies: [-r requirements.txt]\n")},
	}
	inputs := func(more string) *Inspection {
		found, err := Inspect("Deployfile", []byte("[model]\nsource = \"model\"\n"+more), files, nil)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	was := inputs("").Inputs
	for more, want := range map[string][]string{
		"[server]\nkind = \"command\"\ncommand = [\"serve\"]\n": {`mlflow was "skinny" and is now "full", because kind in [server] is "command"`},
		"[environment]\npython = \"3.12\"\n": {
			`python was "3.11" and is now "3.12"`, `base was "python:3.11-slim" and is now "python:3.12-slim", because python in [environment] is "3.12"`},
	} {
		if d := cmp.Diff(want, was.Changes(inputs(more).Inputs)); d != "" {
			t.Errorf("%s (-want +got):\n%s", more, d)
		}
	}
	was = inputs("[environment]\npython = \"3.12\"\n").Inputs
	want := []string{
		`python was "3.12" and is now "3.11", because the model was logged with Python 3.11.2`,
		`base was "python:3.12-slim" and is now "python:3.11-slim", because the model was logged with Python 3.11.2`,
	}
	if d := cmp.Diff(want, was.Changes(inputs("").Inputs)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
