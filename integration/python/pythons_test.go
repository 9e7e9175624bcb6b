//go:build integration

package python

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// build is what a user of the module writes.
const build = `import sys, deployfile
print(deployfile.build(sys.argv[1], builder=sys.argv[2], build_context=sys.argv[3:], locked=True).digest)
`

// TestPythons builds the example of scikit-learn in an empty environment of each Python
// that this machine has, with no other program on PATH. The image is the one that the
// program builds.
func TestPythons(t *testing.T) {
	p := lab.Example(t, shared.Parts, "../../examples/iris")
	wheel := built(t, t.TempDir())
	contexts, flags := buildContexts(p)
	program := filepath.Join(repository(t), "bin/deployfile")
	user{t, p.Dir}.run(p.Dir, nil, program, append([]string{"lock", "--builder=" + shared.builder, p.Dir}, flags...)...)
	want := user{t, p.Dir}.run(p.Dir, nil, program, append([]string{"build", "--locked", "--builder=" + shared.builder, p.Dir}, flags...)...)
	for version, python := range pythons(t) {
		t.Run(version, func(t *testing.T) {
			dir := t.TempDir()
			u := user{t, dir}
			u.run(dir, nil, python, "-m", "venv", "env")
			u.run(dir, nil, "env/bin/python", "-m", "pip", "install", "--no-index", "--disable-pip-version-check", wheel)
			nothing := []string{"PATH=" + filepath.Join(dir, "env/bin")}
			u.run(dir, nothing, "env/bin/deployfile", "version")
			got := u.run(dir, nothing, "env/bin/python", append([]string{"-c", build, p.Dir, shared.builder}, contexts...)...)
			if strings.TrimSpace(got) != strings.TrimSpace(want) {
				t.Errorf("Python %s built %s, and the program %s", version, got, want)
			}
		})
	}
}

// pythons returns the Pythons of this machine that the wheel is for, by version.
func pythons(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{"3.11": shared.Python}
	for _, version := range []string{"3.12", "3.13", "3.14"} {
		for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), installedByPyenv(t)...) {
			path := filepath.Join(dir, "python"+version)
			// What pyenv puts on PATH asks which version a directory wants.
			if _, err := os.Stat(path); err == nil && filepath.Base(dir) != "shims" {
				out[version] = path
			}
		}
	}
	return out
}

func installedByPyenv(t *testing.T) []string {
	t.Helper()
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	dirs, err := filepath.Glob(filepath.Join(home, ".pyenv/versions/*/bin"))
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}
