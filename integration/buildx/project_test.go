package buildx

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// project is a folder with a Deployfile, as a user has one.
type project struct {
	dir string
	// contexts are the named build contexts of every build.
	contexts map[string]string
}

// newProject is a project with these files, by name. The frontend is named by
// the syntax line of its Deployfile.
func newProject(t *testing.T, files map[string]string) *project {
	t.Helper()
	p := projectIn(filepath.Join(t.TempDir(), "project"))
	for name, text := range files {
		if name == "Deployfile" {
			text = "# syntax=" + lab.frontend + "\n" + text
		}
		p.write(t, name, text)
	}
	return p
}

func projectIn(dir string) *project {
	return &project{dir: dir, contexts: map[string]string{
		"base":      "oci-layout://" + lab.base,
		"toolchain": "oci-layout://" + lab.toolchain,
	}}
}

func (p *project) path(name string) string { return filepath.Join(p.dir, filepath.FromSlash(name)) }

func (p *project) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.path(name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (p *project) read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(p.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func (p *project) edit(t *testing.T, name, old, new string) {
	t.Helper()
	text := p.read(t, name)
	if !strings.Contains(text, old) {
		t.Fatalf("%s does not contain %q:\n%s", name, old, text)
	}
	p.write(t, name, strings.ReplaceAll(text, old, new))
}

// lock writes the lock beside the Deployfile, as the documentation says it.
func (p *project) lock(t *testing.T, args ...string) {
	t.Helper()
	p.mustBuildx(t, append([]string{"--target", "lock", "-o", p.dir}, args...)...)
}

// files are the texts of the files of a folder, by name.
func files(t *testing.T, dir, pattern string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(name)] = string(data)
	}
	return out
}

// lockKeeper makes the lock of each example once.
type lockKeeper struct {
	mu    sync.Mutex
	files map[string]map[string]string
}

// example is a copy of one of the examples with its lock.
func example(t *testing.T, name string) *project {
	t.Helper()
	p := unlockedExample(t, name)
	lab.locks.mu.Lock()
	defer lab.locks.mu.Unlock()
	if lab.locks.files[name] == nil {
		p.lock(t)
		if lab.locks.files == nil {
			lab.locks.files = map[string]map[string]string{}
		}
		lab.locks.files[name] = files(t, p.dir, "*lock*")
	}
	for file, text := range lab.locks.files[name] {
		p.write(t, file, text)
	}
	return p
}

// unlockedExample is one for both platforms, unless it needs packages of
// Debian's, which are installed by programs of the image's platform. The
// frontend is named by BUILDKIT_SYNTAX alone.
func unlockedExample(t *testing.T, name string) *project {
	t.Helper()
	p := projectIn(filepath.Join(t.TempDir(), name))
	if err := os.CopyFS(p.dir, os.DirFS(filepath.Join("..", "..", "examples", name))); err != nil {
		t.Fatal(err)
	}
	for file := range files(t, p.dir, "*lock*") {
		if err := os.Remove(p.path(file)); err != nil {
			t.Fatal(err)
		}
	}
	text := "# syntax=" + lab.frontend + "\n" + p.read(t, "Deployfile")
	if !strings.Contains(text, "system-packages") {
		p.contexts["base"] = "oci-layout://" + lab.bases
		text += "\n[image]\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n"
	}
	p.write(t, "Deployfile", text)
	return p
}

//go:embed testdata/server.py
var serverSource string

// tinyModel is an MLmodel that says little more than that there is a model.
const tinyModel = `flavors:
  python_function:
    loader_module: tiny
    python_version: 3.11.2
utc_time_created: '2026-01-02 03:04:05.678901'
`

// tiny is a project that builds within seconds: its server is
// testdata/server.py, and its packages are those that the test's own index
// serves.
func tiny(t *testing.T, environment string, requirements ...string) *project {
	t.Helper()
	return newProject(t, map[string]string{
		"Deployfile": `[model]
name   = "tiny"
source = "model"

[server]
kind    = "command"
command = ["python", "/opt/code/server.py"]

[environment]
code = ["code"]
` + environment,
		"code/server.py":         serverSource,
		"model/MLmodel":          tinyModel,
		"model/requirements.txt": strings.Join(requirements, "\n"),
	})
}
