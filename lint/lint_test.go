package lint

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/mlmodel"
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
	locked                       bool
	yanked                       map[string]string
	today                        string
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
	file, warnings, err := deployfile.Parse("Deployfile", []byte(text))
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
	model, _, err := mlmodel.Read(files, "model")
	if err != nil {
		t.Fatal(err)
	}
	in := Input{File: file, Warnings: warnings, Model: model, Yanked: s.yanked, Today: day(t, "2026-01-01")}
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
	if s.locked {
		in.Lock = &resolver.Lock{Version: resolver.LockVersion}
		in.Pylocks = map[string]*resolver.Pylock{"pylock.toml": {Packages: []resolver.PylockPackage{{Name: "mlflow-skinny", Version: "3.17.2"}, {Name: "anyio", Version: "4.16.0"}}}}
	}
	return in
}

func day(t *testing.T, text string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// ruleTests has a failing and a passing situation for every rule. want is a
// line for each of the rule's findings: place, message and fix.
func ruleTests() []struct {
	rule       string
	fail, pass situation
	want       string
} {
	root := "[image]\nuser = \"0:0\"\n"
	plain := "[[environment.indexes]]\nname = \"corp\"\nurl = \"http://packages.example.com/simple\"\nsecret = \"corp\"\n"
	return []struct {
		rule       string
		fail, pass situation
		want       string
	}{
		{
			rule: "credentials",
			fail: situation{deployfile: `[environment]
env = { DB = "postgres://me:hunter2@db.example.com/x", API_TOKEN = "hunter2", HF = "hf_aaaaaaaaaaaaaaaaaaaaaaaa" }
[[environment.indexes]]
name = "corp"
url = "https://packages.example.com/glpat-aaaaaaaaaaaaaaaaaaaa/simple"
[server]
kind = "command"
command = ["serve", "--key=AKIAAAAAAAAAAAAAAAAA"]
[image.labels]
"com.example.password" = "hunter2"
[targets.prod]
kind = "kubernetes"
env = { SIGNING_KEY = "hunter2" }
`},
			pass: situation{deployfile: `[environment]
env = { MAX_TOKENS = "512", PAD_TOKEN = "<pad>", API_TOKEN = "", API_KEY = "/run/secrets/key", SPLIT_TOKEN = "[SEP]", USE_KEY = "true", DB = "postgres://db.example.com/x" }
[[environment.indexes]]
name = "corp"
url = "https://packages.example.com/simple"
secret = "corp-token"
[image.labels]
"com.example.keyboard" = "qwerty"
`},
			want: `4:82-4:91 the value of environment variable API_TOKEN looks like a credential: take it out, and give it to the server when it runs: from a Kubernetes Secret, or docker run --env
4:14-4:54 the value of environment variable DB looks like a credential: take it out, and give it to the server when it runs: from a Kubernetes Secret, or docker run --env
`,
		},
		{
			rule: "development-package",
			fail: situation{
				deployfile:   "[environment]\nrequirements = [\"extra.txt\"]\n",
				requirements: "mlflow==3.17.2\nipykernel==7.0.0\n", extra: "numpy==2.4.6\npytest_cov==7.0.0\n",
			},
			pass: situation{requirements: "mlflow==3.17.2\nblackjax==1.2.0\n"},
			want: `2:10-2:17 model/requirements.txt:2: ipykernel is a package for notebooks, which serving does not need: take ipykernel out of model/requirements.txt
4:17-4:28 extra.txt:2: pytest-cov is a package for tests, which serving does not need: take pytest-cov out of extra.txt
`,
		},
		{
			rule: "full-mlflow",
			fail: situation{deployfile: "[environment]\nmlflow = \"full\"\n"},
			pass: situation{deployfile: "[environment]\nmlflow = \"skinny\"\n"},
			want: `4:10-4:16 all of MLflow is installed, though its scoring server needs mlflow-skinny and pandas alone: write mlflow = "skinny", unless the model imports what only all of MLflow has
`,
		},
		{
			rule: "latest-tag",
			fail: situation{deployfile: "version = \"1.4.0\"\n[environment]\nbase = \"python\"\ntoolchain = \"python:latest\"\n[image]\ntags = [\"registry.example.com/iris:1\", \"registry.example.com/iris\"]\n"},
			pass: situation{deployfile: "[environment]\nbase = \"python:3.11-slim\"\ntoolchain = \"python:latest" + digest + "\"\n[image]\ntags = [\"registry.example.com/iris:1\"]\n"},
			want: `5:8-5:16 python has no tag, which means latest: name a version: python:VERSION
6:13-6:28 python:latest has the tag latest: name a version: python:VERSION
8:40-8:67 registry.example.com/iris has no tag, which means latest: write "registry.example.com/iris:1.4.0"
`,
		},
		{
			rule: "no-input-example",
			fail: situation{mlmodel: strings.Split(goodModel, "saved_input")[0]},
			pass: situation{},
			want: `2:10-2:17 the model has no input example, so the build loads it but cannot try whether it answers: log it again with input_example=…, a few rows of its input
`,
		},
		{
			rule: "pickled-model",
			fail: situation{mlmodel: strings.ReplaceAll(strings.ReplaceAll(goodModel, "skops\n", "cloudpickle\n"), "model.cloudpickle", "model.pkl")},
			pass: situation{},
			want: `2:10-2:17 the model is a pickle: loading it runs code, and it loads with the versions alone that saved it: log it again with mlflow.sklearn.log_model(…, serialization_format="skops")
`,
		},
		{
			rule: "python-end-of-life",
			fail: situation{deployfile: "[environment]\npython = \"3.10\"\n", today: "2026-11-01"},
			pass: situation{deployfile: "[environment]\npython = \"3.10\"\n", today: "2026-10-31"},
			want: `4:10-4:16 Python 3.10 has had no security fixes since October 2026: log the model with a later Python; if it works there as it is, python = "3.N" in [environment] chooses one
`,
		},
		{
			rule: "running-as-root",
			fail: situation{deployfile: root},
			pass: situation{deployfile: "[image]\nuser = \"1000:1000\"\n"},
			want: `4:8-4:13 the server runs as root: leave out image.user to run as 65532:65532
`,
		},
		{
			rule: "unencrypted-secret",
			fail: situation{deployfile: plain},
			pass: situation{deployfile: strings.ReplaceAll(plain, "http:", "https:")},
			want: `5:7-5:43 the secret of index "corp" is sent unencrypted: use https
`,
		},
		{
			rule: "unlocked-build",
			fail: situation{},
			pass: situation{locked: true},
			want: `0:0-0:0 there is no lock, so the versions of packages and images are chosen anew by each build: run deployfile lock and commit what it writes
`,
		},
		{
			rule: "unpinned-base",
			fail: situation{deployfile: "[environment]\nbase = \"python:3.11-slim\"\n"},
			pass: situation{deployfile: "[environment]\nbase = \"python:3.11-slim" + digest + "\"\n"},
			want: `4:8-4:26 base image python:3.11-slim is not pinned to a digest: run deployfile lock, or write base = "python:3.11-slim@sha256:…"
`,
		},
		{
			rule: "unpinned-requirement",
			fail: situation{
				deployfile:   "[environment]\nrequirements = [\"extra.txt\"]\n",
				requirements: "mlflow==3.17.2\nnumpy\nscipy==1.*\n", extra: "pandas>=2\ngit+https://git.example.com/x.git@main#egg=x\n",
			},
			pass: situation{
				deployfile:   "[environment]\nrequirements = [\"extra.txt\"]\n",
				requirements: "mlflow==3.17.2\n",
				extra:        "pandas>=2,==2.1.0\nx @ git+https://git.example.com/x.git@0123456789012345678901234567890123456789\n",
			},
			want: `2:10-2:17 model/requirements.txt:2: requirement "numpy" is not pinned to one version: run deployfile lock, or write numpy==VERSION
2:10-2:17 model/requirements.txt:3: requirement "scipy==1.*" is not pinned to one version: run deployfile lock, or write scipy==VERSION
4:17-4:28 extra.txt:1: requirement "pandas>=2" is not pinned to one version: run deployfile lock, or write pandas==VERSION
4:17-4:28 extra.txt:2: requirement "git+https://git.example.com/x.git@main" is not pinned to one version: run deployfile lock, or name a commit: @ and its 40 digits after the repository's URL
`,
		},
		{
			rule: "untested-python",
			fail: situation{deployfile: "[environment]\npython = \"3.99\"\n"},
			pass: situation{deployfile: "[environment]\npython = \"3.14\"\n"},
			want: `4:10-4:16 Python 3.99 is newer than any that was tested, 3.14: 
`,
		},
		{
			rule: "yanked-requirement",
			fail: situation{locked: true, yanked: map[string]string{"mlflow": "", "anyio": "broken\n on 3.11"}},
			pass: situation{locked: true},
			want: `0:0-0:0 anyio 4.16.0 was withdrawn from its index: broken on 3.11: take another version: deployfile lock --upgrade anyio
2:10-2:17 model/requirements.txt:1: mlflow was withdrawn from its index: require another version of mlflow, then run deployfile lock
`,
		},
	}
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
	dir := filepath.Join("..", "docs", "rules")
	pages, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"README.md": true}
	for _, r := range Rules() {
		known[r.ID+".md"] = true
		t.Run(r.ID, func(t *testing.T) {
			page, err := os.ReadFile(filepath.Join("..", r.Page()))
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
	file, warnings, err := deployfile.Parse("Deployfile", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	in := Input{File: file, Warnings: warnings, Today: day(t, "2026-11-22")}
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
	file, _, err := deployfile.Parse("Deployfile", []byte(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	in.File = file
	if got := Run(in); len(got) != 0 {
		t.Errorf("after the replacement: %v", got)
	}
}
