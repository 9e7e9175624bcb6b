//go:build integration

package packages

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
)

// importing is a server that imports a module and answers anything.
func importing(module string) string {
	return "import " + module + "\nimport http.server, os\nhttp.server.test(http.server.SimpleHTTPRequestHandler, port=int(os.environ['PORT']))\n"
}

// TestPackageResources serves a model of which a dependency imports pkg_resources, which
// setuptools has no more, by the key that the error names.
func TestPackageResources(t *testing.T) {
	x := lab.NewIndex(t,
		lab.Wheel(t, "dfneedy", "1.0", "import pkg_resources\n"),
		lab.WheelOf(t, "setuptools", "80.9.0", "py3-none-any", map[string]string{"setuptools/__init__.py": "", "pkg_resources/__init__.py": ""}),
		lab.Wheel(t, "setuptools", "82.0.1", ""),
	)
	for _, tt := range []struct {
		requirements []string
		hint         string
	}{
		{[]string{"dfneedy"}, `requirements = ["setuptools<81"]`},
		{[]string{"dfneedy", "setuptools==82.0.1"}, `override = ["setuptools<81"]`},
	} {
		p := shared.Tiny(t, x.Table("local"), tt.requirements...)
		p.Write(t, "code/answer.py", importing("dfneedy"))
		p.Lock(t)
		_, _, err := p.TryBuild(t, nil)
		buildtest.WantError(t, err, "no Python module pkg_resources", tt.hint)
		p.Edit(t, "Deployfile", "[environment]\n", "[environment]\n"+tt.hint+"\n")
		p.Lock(t)
		p.Build(t)
	}
}

// TestSourceForOlderSetuptools builds wheels of projects that setuptools as it is today
// does not build, with one that does, and makes the same of the lock elsewhere.
func TestSourceForOlderSetuptools(t *testing.T) {
	const setup = "from setuptools import setup\nsetup(name='dfold', version='1.0', py_modules=['dfold'], use_2to3=True)\n"
	x := lab.NewIndex(t, lab.Sdist(t, "dfold", "1.0", map[string]string{"setup.py": setup, "dfold.py": "WORDS = 'old'\n"}))
	p := shared.Tiny(t, x.Table("local"), "dfold")
	p.Lock(t)
	if b := p.Locked(t).Platforms[0].Built; len(b) != 1 || !strings.Contains(b[0].Requirements, "setuptools==57.") {
		t.Errorf("built: %+v", b)
	}
	img := p.Build(t)
	if again := p.On(shared.Second(t)).Build(t); again.Digest != img.Digest {
		t.Errorf("another builder makes %s of the same lock, not %s", again.Digest, img.Digest)
	}
}

// TestVariablesOfConda serves a model with the variables of its conda.yaml.
func TestVariablesOfConda(t *testing.T) {
	p := shared.Tiny(t, "env = { DF_BOTH = \"Deployfile\" }\n")
	p.Write(t, "model/conda.yaml", "variables:\n  DF_MODEL: a $HOME of its own\n  DF_BOTH: model\n  PATH: /nowhere\ndependencies: []\n")
	o := p.Lock(t)
	var said []string
	for _, w := range o.Warnings {
		said = append(said, string(w.Short))
	}
	if !strings.Contains(strings.Join(said, "\n"), "not set: PATH") {
		t.Errorf("warnings: %q", said)
	}
	var a buildtest.Answer
	p.Serve(t, func(s *buildtest.Server) { buildtest.Decode(t, s.Get(t, "/about"), &a) })
	for name, want := range map[string]string{"DF_MODEL": "a $HOME of its own", "DF_BOTH": "Deployfile"} {
		if got := a.Environment[name]; got != want {
			t.Errorf("%s is %q, not %q", name, got, want)
		}
	}
	if strings.Contains(a.Environment["PATH"], "nowhere") {
		t.Errorf("PATH is %q", a.Environment["PATH"])
	}
}

// uvProject is a directory with a project that uv has locked from an index, and the uv
// of a project's lock.
func uvProject(t *testing.T, x *lab.Index) (dir string, uv func(arguments ...string) string) {
	t.Helper()
	bare := shared.Tiny(t, "")
	bare.Lock(t)
	program := filepath.Join(unpackUV(t, bare), "uv")
	dir = t.TempDir()
	const project = "[project]\nname = \"demo\"\nversion = \"1\"\nrequires-python = \">=3.11,<3.12\"\ndependencies = [\"dfone>=1\", \"dfmarked; sys_platform == 'linux'\"]\n\n" +
		"[project.optional-dependencies]\nserve = [\"dfextra\"]\n\n[dependency-groups]\ndev = [\"dfdev\"]\n\n[[tool.uv.index]]\nname = \"lab\"\nurl = \"URL/simple\"\n"
	if err := os.WriteFile(filepath.Join(dir, "pyproject.toml"), []byte(strings.ReplaceAll(project, "URL", x.URL)), 0o600); err != nil {
		t.Fatal(err)
	}
	uv = func(arguments ...string) string {
		t.Helper()
		c := exec.Command(program, append(arguments, "--quiet", "--python", shared.Python)...)
		c.Dir = dir
		c.Env = append(os.Environ(), "UV_CACHE_DIR="+t.TempDir(), "UV_NO_PROGRESS=1")
		var said strings.Builder
		c.Stderr = &said
		out, err := c.Output()
		if err != nil {
			t.Fatalf("uv %q: %v\n%s", arguments, err, said.String())
		}
		return string(out)
	}
	uv("lock")
	return dir, uv
}

// TestLocksOfUV resolves to what the real uv has locked: a uv.lock beside the requirements
// that MLflow exports of it, and a pylock.toml without anything beside it.
func TestLocksOfUV(t *testing.T) {
	var files []lab.Distribution
	for _, name := range []string{"dfone", "dfdeep", "dfmarked", "dfextra", "dfdev"} {
		var requires []string
		if name == "dfone" {
			requires = []string{"dfdeep"}
		}
		files = append(files, lab.Wheel(t, name, "1.0", "WORDS = 'locked'", requires...))
	}
	x := lab.NewIndex(t, files...)
	dir, uv := uvProject(t, x)
	// As mlflow.utils.uv_utils does.
	requirements := uv("export", "--no-dev", "--no-hashes", "--frozen", "--extra", "serve", "--no-header", "--no-emit-project", "--no-annotate")
	pylock := uv("export", "--frozen", "--no-dev", "--format", "pylock.toml", "--no-emit-project")
	// What is newer now is not what was locked.
	for _, f := range files {
		name, _, _ := strings.Cut(f.Name, "-")
		x.Put(lab.Wheel(t, name, "2.0", "WORDS = 'newer'"))
	}

	p := shared.Tiny(t, "", strings.Split(requirements, "\n")...)
	for _, name := range []string{"pyproject.toml", "uv.lock"} {
		p.Write(t, "model/"+name, string(readFile(t, filepath.Join(dir, name))))
	}
	p.Write(t, "model/.python-version", "3.12\n")
	p.Lock(t)
	versions := func(p *buildtest.Project) []string {
		var a buildtest.Answer
		p.Serve(t, func(s *buildtest.Server) { buildtest.Decode(t, s.Get(t, "/about"), &a) })
		return a.Versions()
	}
	if d := cmp.Diff([]string{"dfdeep==1.0", "dfextra==1.0", "dfmarked==1.0", "dfone==1.0"}, versions(p)); d != "" {
		t.Errorf("uv.lock: %s\n%s", d, requirements)
	}
	// A lock that does not fit, at the line of what it does not fit, and nothing written.
	was := p.Read(t, "pylock.toml")
	p.Edit(t, "model/pyproject.toml", `"dfone>=1"`, `"dfone>=2"`)
	_, err := p.TryLock(t, nil)
	buildtest.WantError(t, err, "model/pyproject.toml:5: uv.lock does not fit: it was made for dfone>=1", "a line model/uv.lock in .dockerignore")
	buildtest.WantLines(t, err, p, "model/pyproject.toml", strings.Split(p.Read(t, "model/pyproject.toml"), "\n")[4])
	if p.Read(t, "pylock.toml") != was {
		t.Error("a lock was written")
	}

	alone := shared.Tiny(t, x.Table("lab"), "")
	if err := os.Remove(alone.Path("model/requirements.txt")); err != nil {
		t.Fatal(err)
	}
	alone.Write(t, "model/pylock.toml", pylock)
	alone.Lock(t)
	if d := cmp.Diff([]string{"dfdeep==1.0", "dfmarked==1.0", "dfone==1.0"}, versions(alone)); d != "" {
		t.Errorf("pylock.toml: %s\n%s", d, pylock)
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
