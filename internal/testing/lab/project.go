package lab

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Project is a directory with a Deployfile, as a user has one.
type Project struct {
	// Dir is the directory.
	Dir string
	// Contexts are the named build contexts of every build.
	Contexts map[string]string
}

// NewProject returns a project with these files, by name.
func NewProject(t *testing.T, parts Parts, files map[string]string) *Project {
	t.Helper()
	p := &Project{Dir: filepath.Join(t.TempDir(), "project"), Contexts: parts.Contexts()}
	for name, text := range files {
		p.Write(t, name, text)
	}
	return p
}

// Example returns a copy of a directory with an example, without its lock.
func Example(t *testing.T, parts Parts, dir string) *Project {
	t.Helper()
	p := &Project{Dir: filepath.Join(t.TempDir(), filepath.Base(dir)), Contexts: parts.Contexts()}
	if err := os.CopyFS(p.Dir, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	for file := range p.LockFiles(t) {
		if err := os.Remove(p.Path(file)); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// Path returns the path of a file of the project.
func (p *Project) Path(name string) string { return filepath.Join(p.Dir, filepath.FromSlash(name)) }

// Write writes a file, and the directories around it.
func (p *Project) Write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.Path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.Path(name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Read returns the text of a file.
func (p *Project) Read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(p.Path(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Edit replaces a text that must be in the file.
func (p *Project) Edit(t *testing.T, name, old, new string) {
	t.Helper()
	text := p.Read(t, name)
	if !strings.Contains(text, old) {
		t.Fatalf("%s does not contain %q:\n%s", name, old, text)
	}
	p.Write(t, name, strings.ReplaceAll(text, old, new))
}

// LockFiles returns the texts of the files that a lock is made of, by name.
func (p *Project) LockFiles(t *testing.T) map[string]string {
	t.Helper()
	return Files(t, p.Dir, "*lock*")
}

// Files returns the texts of the files of a directory, by name.
func Files(t *testing.T, dir, pattern string) map[string]string {
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

//go:embed testdata/answer.py
var answerSource string

// tinyModel is an MLmodel file with the least that a build needs.
const tinyModel = `flavors:
  python_function:
    loader_module: tiny
    python_version: 3.11.2
utc_time_created: '2026-01-02 03:04:05.678901'
`

// Tiny returns a project that builds within seconds: its server is
// testdata/answer.py, and its packages are those that the test's own index
// serves. The text is more of [environment], and further tables.
func Tiny(t *testing.T, parts Parts, environment string, requirements ...string) *Project {
	t.Helper()
	return NewProject(t, parts, map[string]string{
		"Deployfile": `[model]
name   = "tiny"
source = "model"

[server]
kind    = "command"
command = ["python", "/opt/code/answer.py"]

[environment]
code = ["code"]
` + environment,
		"code/answer.py":         answerSource,
		"model/MLmodel":          tinyModel,
		"model/requirements.txt": strings.Join(requirements, "\n"),
	})
}

// Tail returns the end of a log, which is where a failure is.
func Tail(log string) string {
	lines := strings.SplitAfter(log, "\n")
	return strings.Join(lines[max(0, len(lines)-60):], "")
}
