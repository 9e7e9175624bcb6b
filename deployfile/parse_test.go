package deployfile

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// withoutIndex compares files by their values, not by where those stand.
var withoutIndex = cmpopts.IgnoreUnexported(File{})

func mustParse(t *testing.T, source string) *File {
	t.Helper()
	file, _, err := Parse(DefaultName, []byte(source), TestKinds)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestParseDefaults(t *testing.T) {
	want := &File{
		Model:       Model{Name: "model", Source: "model"},
		Environment: Environment{MLflow: "skinny", ImpliedPackages: true, CA: "ca"},
		Server:      Server{Kind: "mlflow", Port: 8080, Workers: 1, Log: "text", Docs: "mlflow", Verify: "build"},
		Image:       Image{User: "65532:65532", Compression: "gzip"},
	}
	if diff := cmp.Diff(want, mustParse(t, "[model]\nsource = 'model'\n"), withoutIndex); diff != "" {
		t.Error(diff)
	}
}

func TestParseEverything(t *testing.T) {
	got := mustParse(t, `# syntax=ghcr.io/deployfile/frontend:1
model = { name = "iris", version = "1", source = "./model/" }
server.kind = "command"
server.command = ["python", "serve.py"]
server.port = 9000
server.workers = 2
[environment]
python = "3.11"
base = "python:3.11-slim"
toolchain = "localhost:5000/python@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
mlflow = "full"
requirements = ["extra.txt"]
constraints = ["a/../limits.txt"]
system-packages = ["libgomp1", "curl=7.88.1-10+deb12u5"]
build-packages = ["gcc"]
implied-packages = false
code = ["src"]
ca = "corp-ca"
[environment.env]
OMP_NUM_THREADS = "1"
[[environment.indexes]]
name = "corp"
url = "https://packages.example.com/simple"
secret = "corp-index"
packages = ["corp-features"]
[[environment.indexes]]
name = "mirror"
url = "http://mirror.example.com/simple/"
default = true
[image]
tags = ["registry.example.com/team/iris:1", "iris"]
platforms = ["linux/amd64", "linux/arm64"]
labels = { "com.example.team" = "flowers" }
user = "1000"
compression = "zstd"
[targets.local]
kind = "docker"
[targets.prod]
kind = "kubernetes"
image = "mirror.example.com/iris"
env = { LOG_LEVEL = "info" }
port = 80
namespace = "models"
replicas = 3
[targets.node]
kind = "containerd"
namespace = "k8s.io"
`)
	want := &File{
		Model: Model{Name: "iris", Version: "1", Source: "./model/"},
		Environment: Environment{
			Python:         "3.11",
			Base:           "python:3.11-slim",
			Toolchain:      "localhost:5000/python@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
			MLflow:         "full",
			Requirements:   []string{"extra.txt"},
			Constraints:    []string{"a/../limits.txt"},
			SystemPackages: []string{"libgomp1", "curl=7.88.1-10+deb12u5"}, BuildPackages: []string{"gcc"},
			Code: []string{"src"},
			Env:  map[string]string{"OMP_NUM_THREADS": "1"},
			Indexes: []Index{
				{Name: "corp", URL: "https://packages.example.com/simple", Secret: "corp-index", Packages: []string{"corp-features"}},
				{Name: "mirror", URL: "http://mirror.example.com/simple/", Default: true},
			},
			CA: "corp-ca",
		},
		Server: Server{Kind: "command", Port: 9000, Workers: 2, Command: []string{"python", "serve.py"}, Log: "text", Docs: "mlflow", Verify: "build"},
		Image: Image{
			Tags:        []string{"registry.example.com/team/iris:1", "iris"},
			Platforms:   []string{"linux/amd64", "linux/arm64"},
			Labels:      map[string]string{"com.example.team": "flowers"},
			User:        "1000",
			Compression: "zstd",
		},
	}
	if len(got.Targets) != 3 {
		t.Errorf("%d targets", len(got.Targets))
	}
	got.Targets = nil // see TestParseTargets
	if diff := cmp.Diff(want, got, withoutIndex); diff != "" {
		t.Error(diff)
	}
}

func TestParseAcceptsServerKinds(t *testing.T) {
	for _, kind := range []string{"mlflow"} {
		if got := mustParse(t, "[model]\nsource = 'm'\n[server]\nkind = '"+kind+"'\n").Server.Kind; got != kind {
			t.Errorf("got %q, want %q", got, kind)
		}
	}
}

func TestParseWarnings(t *testing.T) {
	const model = "[model]\nsource = 'model'\n"
	tests := map[string]struct {
		source, want string
	}{
		"root": {
			model + "[image]\nuser = '0:0'\n",
			"D:4:8: warning: the server runs as root; leave out image.user to run as 65532:65532",
		},
		"newer Python": {
			model + "[environment]\npython = '3.15'\n",
			"D:4:10: warning: Python 3.15 is newer than any that was tested, 3.14",
		},
		"secret over http": {
			model + "[[environment.indexes]]\nname = 'corp'\nurl = 'http://example.com/simple'\nsecret = 'id'\n",
			`D:5:7: warning: the secret of index "corp" is sent unencrypted; use https`,
		},
		"no instance to spare": {
			model + "[targets.prod]\nkind = 'kubernetes'\nmin-available = '1'\n",
			`D:5:17: warning: targets.prod.min-available "1" of targets.prod.replicas 1 lets no instance be evicted: draining a node never ends; raise targets.prod.replicas, or leave out targets.prod.min-available`,
		},
		"a percentage that is rounded up": {
			model + "[targets.prod]\nkind = 'kubernetes'\nreplicas = 2\nmin-available = '51%'\n",
			`D:6:17: warning: targets.prod.min-available "51%" of targets.prod.replicas 2 lets no instance be evicted: draining a node never ends; raise targets.prod.replicas, or leave out targets.prod.min-available`,
		},
		"no instance to spare at the lowest": {
			model + "[targets.prod]\nkind = 'kubernetes'\nmin-available = '3'\nresources.cpu = '1'\nautoscale = { min = 2, max = 4 }\n",
			`D:5:17: warning: targets.prod.min-available "3" of targets.prod.autoscale.min 2 lets no instance be evicted: draining a node never ends; raise targets.prod.autoscale.min, or leave out targets.prod.min-available`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			file, warnings, err := Parse("D", []byte(test.source), TestKinds)
			if err != nil || file == nil {
				t.Fatal(file, err)
			}
			if len(warnings) != 1 || warnings[0].String() != test.want {
				t.Errorf("got %v, want %s", warnings, test.want)
			}
		})
	}
}

// Every error is reported at once, in the order of the text, and warnings are
// returned beside them.
func TestParseReportsAll(t *testing.T) {
	_, warnings, err := Parse("D", []byte(`[image]
user = "0"
tags = ["Iris", 3]
[model]
elsewhere = "model"
[server]
port = 0
kind = "flask"
`), TestKinds)
	var errs Errors
	if !errors.As(err, &errs) {
		t.Fatalf("%T", err)
	}
	var got []string
	for _, d := range errs {
		got = append(got, d.Rule)
	}
	want := []string{"invalid-image", "wrong-type", "missing-key", "unknown-key", "out-of-range", "unknown-value"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(warnings) != 1 {
		t.Errorf("warnings: %v", warnings)
	}
}

func TestParseIsDeterministic(t *testing.T) {
	source := []byte("[x]\n[y]\n[targets.A]\n[targets.B]\n[image.labels]\n' ' = ''\n'  ' = ''\n[environment.env]\n'1' = ''\n'2' = ''\n")
	_, _, first := Parse("D", source, TestKinds)
	for range 25 {
		if _, _, err := Parse("D", source, TestKinds); err.Error() != first.Error() {
			t.Fatalf("got %v, want %v", err, first)
		}
	}
}

func TestPosition(t *testing.T) {
	file := mustParse(t, `model.source = "model"

[environment]
requirements = [
  "a.txt", # not "b.txt"
  "b.txt",
]

[[environment.indexes]]
name = "corp"
url = "https://example.com/simple"
`)
	tests := []struct {
		path  []string
		want  Range
		found bool
	}{
		{[]string{"model", "source"}, Range{Position{1, 16}, Position{1, 23}}, true},
		{[]string{"environment"}, Range{Position{3, 1}, Position{3, 14}}, true},
		{[]string{"environment", "requirements", "1"}, Range{Position{6, 3}, Position{6, 10}}, true},
		{[]string{"environment", "requirements", "2"}, Range{Position{4, 16}, Position{7, 2}}, false},
		{[]string{"environment", "indexes", "0", "url"}, Range{Position{11, 7}, Position{11, 35}}, true},
		{[]string{"environment", "python"}, Range{Position{3, 1}, Position{3, 14}}, false},
		{[]string{"server", "port"}, Range{Position{1, 1}, Position{1, 1}}, false},
	}
	for _, test := range tests {
		if got, found := file.Position(test.path...); got != test.want || found != test.found {
			t.Errorf("%v: got %v %t, want %v %t", test.path, got, found, test.want, test.found)
		}
	}
	key, found := file.KeyPosition("environment", "requirements")
	if want := (Range{Position{4, 1}, Position{4, 13}}); key != want || !found {
		t.Errorf("key: got %v %t, want %v", key, found, want)
	}
	if got, found := new(File).Position("model"); found || got != (Range{Position{1, 1}, Position{1, 1}}) {
		t.Errorf("a file that was not parsed: %v %t", got, found)
	}
}

// The default of the model's name is the last part of its source that is a name.
func TestModelNameOfSource(t *testing.T) {
	for source, want := range map[string]string{
		"model": "model", "./a/Iris_2/": "iris-2", "models:/iris/3": "iris", "models:/iris@champion": "iris",
		"runs:/0a1b/model": "model", "hf://org/iris@main": "iris", "oci://registry.example.com/team/iris:1.4": "iris",
		"s3://bucket/iris/?versionId=3": "iris", "git+https://example.com/iris#v/2": "iris", "xy:/3": "model",
	} {
		if got := mustParse(t, "model.source = '"+source+"'\n").Model.Name; got != want {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}
