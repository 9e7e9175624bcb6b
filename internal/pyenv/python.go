package pyenv

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/deployfile/deployfile/resolver"
)

//go:embed venv.py
var venvSource string

//go:embed pip.py
var pipSource string

// create makes the environment without any package.
func (t *tool) create(ctx context.Context) error {
	if uv, err := exec.LookPath("uv"); err == nil {
		t.uv = uv
		return t.run(ctx, uv, "venv", "--quiet", "--no-project", "--relocatable", "--allow-existing", "--python", t.version, "--prompt", filepath.Base(t.final), t.dir)
	}
	python, err := findPython(ctx, t.version)
	if err != nil {
		return err
	}
	return t.run(ctx, python, "-I", "-c", venvSource, t.dir, t.final, t.pip())
}

// pip returns an environment that has pip, since the other has only what is locked.
func (t *tool) pip() string { return filepath.Join(t.scratch, "pip") }

// install installs a requirements file and nothing else.
func (t *tool) install(ctx context.Context, file string, links []string) error {
	options := []string{"install", "--no-deps", "--require-hashes", "--only-binary", ":all:"}
	for n, dir := range links {
		if strings.Contains(dir, ",") {
			// uv takes it for the end of one place and the start of another.
			link := filepath.Join(t.scratch, fmt.Sprintf("wheels-%d", n))
			if err := os.Symlink(dir, link); err != nil {
				return err
			}
			dir = link
		}
		options = append(options, "--find-links", dir)
	}
	options = append(options, "-r", file)
	if t.uv != "" {
		return t.run(ctx, t.uv, append([]string{"pip"}, append(options, "--python", t.python(), "--index-strategy", "unsafe-best-match")...)...)
	}
	return t.run(ctx, t.python(), append([]string{"-I", "-c", pipSource, t.pip(), filepath.Join(t.final, "bin", "python")}, append(options, "--no-warn-script-location")...)...)
}

// findPython returns a Python of a minor version that is on PATH.
func findPython(ctx context.Context, version string) (string, error) {
	for _, name := range []string{"python" + version, "python3", "python"} {
		program, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		out, err := exec.CommandContext(ctx, program, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])").Output()
		if err == nil && strings.TrimSpace(string(out)) == version {
			return program, nil
		}
	}
	return "", fmt.Errorf("the lock is for Python %s, which is not on PATH, and neither is uv, which could fetch it: install one of them", version)
}

// interpreter returns what wheels the environment takes: those that the image has,
// unless this machine's C library is older than the image's.
func (t *tool) interpreter(ctx context.Context, locked *resolver.Platform) (resolver.Interpreter, error) {
	i, err := locked.Interpreter(t.version)
	if err != nil {
		return i, err
	}
	out, err := exec.CommandContext(ctx, t.python(), "-I", "-c", "import json, platform; print(json.dumps(platform.libc_ver()))").Output()
	if err != nil {
		return i, fmt.Errorf("ask the new environment for its C library: %w", err)
	}
	var libc []string
	if err := json.Unmarshal(out, &libc); err != nil || len(libc) != 2 || libc[0] != "glibc" {
		return i, fmt.Errorf("the lock has wheels for glibc, and this machine's Python has another C library (%s)", strings.TrimSpace(string(out)))
	}
	here := 0
	if _, err := fmt.Sscanf(libc[1], "2.%d", &here); err != nil {
		return i, fmt.Errorf("%q is no version of glibc", libc[1])
	}
	i.Glibc = min(i.Glibc, here)
	return i, nil
}
