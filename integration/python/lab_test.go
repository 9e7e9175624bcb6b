//go:build integration

package python

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// built makes the wheel of bin/deployfile in a directory that has no other.
func built(t *testing.T, dir string) (wheel string) {
	t.Helper()
	user{t, dir}.run(repository(t), nil, "go", "run", "./hack/wheel", "-version", "v1.0.0", "-o", dir, runtime.GOOS+"/"+runtime.GOARCH+"=bin/deployfile")
	wheels, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(wheels) != 1 {
		t.Fatal(wheels, err)
	}
	return wheels[0]
}

// installed returns the directory that such a wheel is installed to.
func installed(t *testing.T, dir, python string) string {
	t.Helper()
	lib := filepath.Join(dir, "lib")
	user{t, dir}.run(dir, nil, python, "-m", "pip", "install", "--no-index", "--disable-pip-version-check", "--target", lib, built(t, dir))
	return lib
}

// buildContexts returns those of a project, as the module and as the program takes them.
func buildContexts(p *lab.Project) (values, flags []string) {
	for name, value := range p.Contexts {
		values = append(values, name+"="+value)
	}
	return values, lab.BuildContexts(p.Contexts)
}

// user runs commands in a directory of their own.
type user struct {
	*testing.T
	dir string
}

// run runs a command that must succeed, and returns what it writes to standard output.
func (u user) run(dir string, env []string, name string, args ...string) string {
	u.Helper()
	if strings.HasPrefix(name, "env/") {
		name = filepath.Join(u.dir, name)
	}
	c := exec.Command(name, args...)
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	var failed strings.Builder
	c.Stderr = &failed
	out, err := c.Output()
	if err != nil {
		u.Fatalf("%s: %v\n%s%s", strings.Join(c.Args, " "), err, out, failed.String())
	}
	return string(out)
}
