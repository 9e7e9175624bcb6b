package lint

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/resolver"
	"github.com/google/go-cmp/cmp"
)

const digest = "@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// situation is a Deployfile and what lies around it.
type situation struct {
	// deployfile is what follows [model] and its source.
	deployfile string
	// mlmodel, requirements and extra are MLmodel, the model's
	// requirements.txt and extra.txt.
	mlmodel, requirements, extra string
	noExample, locked            bool
	yanked                       map[string]string
	// more are packages of the lock beside those that it always has.
	more []resolver.PylockPackage
	// wheels is what the lock knows of the wheels' files.
	wheels *resolver.WheelFiles
	today  string
	// platform is that of the lock, linux/amd64 by default, builder that of the builder.
	platform, builder string
	// pinned is the version of the model in the lock, now the one of today.
	pinned, now string
}

const goodModel = `flavors:
  python_function:
    loader_module: mlflow.sklearn
    model_path: model.skops
    python_version: 3.11.7
  sklearn:
    serialization_format: skops
mlflow_version: 3.17.2
saved_input_example_info:
  artifact_path: input_example.json
  serving_input_path: serving_input_example.json
  type: dataframe
`

// input reads the situation as a build would.
func (s situation) input(t *testing.T) Input {
	t.Helper()
	text := "[model]\nsource = \"model\"\n" + s.deployfile
	file, warnings, err := deployfile.Parse("Deployfile", []byte(text), kinds.All())
	if err != nil {
		t.Fatal(err)
	}
	if s.mlmodel == "" {
		s.mlmodel = goodModel
	}
	if s.requirements == "" {
		s.requirements = "mlflow==3.17.2\n"
	}
	files := fstest.MapFS{
		"model/MLmodel":                    {Data: []byte(s.mlmodel)},
		"model/python_env.yaml":            {Data: []byte("dependencies: [-r requirements.txt]\n")},
		"model/requirements.txt":           {Data: []byte(s.requirements)},
		"model/input_example.json":         {Data: []byte("{}")},
		"model/serving_input_example.json": {Data: []byte("{}")},
		"extra.txt":                        {Data: []byte(s.extra)},
	}
	if s.noExample {
		delete(files, "model/input_example.json")
		delete(files, "model/serving_input_example.json")
	}
	model, _, err := mlmodel.Read(files, "model")
	if err != nil {
		t.Fatal(err)
	}
	in := Input{File: file, Warnings: warnings, Model: model, Yanked: s.yanked, Today: day(t, "2026-01-01"), Builder: s.builder}
	if s.today != "" {
		in.Today = day(t, s.today)
	}
	if slices.Contains(file.Environment.Requirements, "extra.txt") {
		added, _, err := mlmodel.ParseRequirements(files, "extra.txt")
		if err != nil {
			t.Fatal(err)
		}
		in.Requirements, in.Constraints = added.Requirements, added.Constraints
	}
	if s.platform == "" {
		s.platform = "linux/amd64"
	}
	if s.locked {
		in.Lock = &resolver.Lock{
			Version: resolver.LockVersion, Toolchain: resolver.Image{PythonVersion: "3.11"},
			Platforms: []resolver.Platform{{Name: s.platform, Glibc: "2.36", Pylock: "pylock.toml", Wheels: s.wheels}},
		}
		packages := append([]resolver.PylockPackage{locked("mlflow-skinny", "3.17.2"), locked("anyio", "4.16.0"), locked("good", "1.0")}, s.more...)
		in.Pylocks = map[string]*resolver.Pylock{"pylock.toml": {Packages: packages}}
	}
	if s.pinned != "" {
		in.Lock.ModelSource = &modelsource.Pin{Source: "model", Resolved: "models:/iris/" + s.pinned, Version: s.pinned}
		in.ModelNow = &modelsource.Pin{Source: "model", Resolved: "models:/iris/" + s.now, Version: s.now}
	}
	return in
}

// locked returns a package with a wheel for every platform.
func locked(name, version string) resolver.PylockPackage {
	file := strings.ReplaceAll(name, "-", "_") + "-" + version + "-py3-none-any.whl"
	return resolver.PylockPackage{Name: name, Version: version, Wheels: []resolver.PylockFile{{
		URL: "https://packages.example.com/" + file, Hashes: map[string]string{"sha256": strings.Repeat("a", 64)},
	}}}
}

// large is such a package with a size in bytes.
func large(name string, size int64) resolver.PylockPackage {
	p := locked(name, "1")
	p.Wheels[0].Size = size
	return p
}

func day(t *testing.T, text string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRules(t *testing.T) {
	tested := map[string]bool{}
	for _, test := range ruleTests() {
		tested[test.rule] = true
		t.Run(test.rule, func(t *testing.T) {
			if diff := cmp.Diff(test.want, shown(Run(test.fail.input(t)), test.rule)); diff != "" {
				t.Errorf("failing Deployfile (-want +got):\n%s", diff)
			}
			if got := shown(Run(test.pass.input(t)), test.rule); got != "" {
				t.Errorf("passing Deployfile: %s", got)
			}
		})
	}
	for _, r := range Rules() {
		if !tested[r.ID] {
			t.Errorf("rule %s has no test", r.ID)
		}
	}
	if !slices.IsSortedFunc(Rules(), func(a, b Rule) int { return strings.Compare(a.ID, b.ID) }) {
		t.Error("the rules are not in the order of their IDs")
	}
}

func shown(findings []Finding, rule string) string {
	var b strings.Builder
	for _, f := range findings {
		if f.Rule == rule {
			b.WriteString(place(f.Range) + " " + f.text() + ": " + f.Fix + "\n")
		}
	}
	return b.String()
}

// TestPages checks that every rule has a page with the sections that pages
// have, that no other page lies there, and that the Deployfiles on the pages
// are right: the first breaks the rule and the second does not.
func TestPages(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "rules")
	pages, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"README.md": true}
	for _, r := range Rules() {
		known[r.ID+".md"] = true
		t.Run(r.ID, func(t *testing.T) {
			page, err := os.ReadFile(filepath.Join("..", "..", r.Page()))
			if err != nil {
				t.Fatal(err)
			}
			rest := string(page)
			for _, heading := range []string{"# " + r.ID + "\n", "\n## What\n", "\n## Why\n", "\n## Fix\n", "\n## Example\n"} {
				_, after, found := strings.Cut(rest, heading)
				if !found {
					t.Fatalf("%s has no %q in its place", r.Page(), strings.TrimSpace(heading))
				}
				rest = after
			}
			if !strings.Contains(string(page), r.Description) {
				t.Errorf("%s does not say: %s", r.Page(), r.Description)
			}
			blocks := strings.Split(rest, "```toml\n")[1:]
			if len(blocks) == 0 {
				return
			}
			if len(blocks) != 2 {
				t.Fatalf("%s has %d Deployfiles, want 2", r.Page(), len(blocks))
			}
			for n, block := range blocks {
				text, _, _ := strings.Cut(block, "```")
				if got := breaks(t, r, text); got != (n == 0) {
					t.Errorf("Deployfile %d of %s: breaks the rule is %v", n+1, r.Page(), got)
				}
			}
		})
	}
	index, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		name := filepath.Base(page)
		if !known[name] {
			t.Errorf("%s is the page of no rule", page)
		}
		if name != "README.md" && !bytes.Contains(index, []byte("("+name+")")) {
			t.Errorf("docs/rules/README.md does not link to %s", name)
		}
	}
}

func breaks(t *testing.T, r Rule, text string) bool {
	t.Helper()
	file, warnings, err := deployfile.Parse("Deployfile", []byte(text), kinds.All())
	if err != nil {
		t.Fatal(err)
	}
	in := Input{File: file, Warnings: warnings, Today: day(t, "2026-11-22"), Builder: "linux/arm64"}
	return len(r.Check(in)) > 0
}

func TestRunIsDeterministic(t *testing.T) {
	in := ruleTests()[0].fail.input(t)
	want := Run(in)
	for range 25 {
		if diff := cmp.Diff(want, Run(in)); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestFixedBy(t *testing.T) {
	text := "[model]\nsource = \"model\"\n[environment]\nmlflow = \"full\"\n"
	in := situation{deployfile: "[environment]\nmlflow = \"full\"\n", locked: true}.input(t)
	findings := Run(in)
	if len(findings) != 1 {
		t.Fatalf("findings: %v", findings)
	}
	f := findings[0]
	lines := strings.Split(text, "\n")
	line := lines[f.Range.Start.Line-1]
	lines[f.Range.Start.Line-1] = line[:f.Range.Start.Column-1] + f.Replacement + line[f.Range.End.Column-1:]
	file, _, err := deployfile.Parse("Deployfile", []byte(strings.Join(lines, "\n")), kinds.All())
	if err != nil {
		t.Fatal(err)
	}
	in.File = file
	if got := Run(in); len(got) != 0 {
		t.Errorf("after the replacement: %v", got)
	}
}

func place(r deployfile.Range) string {
	return fmt.Sprintf("%d:%d-%d:%d", r.Start.Line, r.Start.Column, r.End.Line, r.End.Column)
}
