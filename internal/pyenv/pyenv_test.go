package pyenv

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/resolver"
)

func TestPlatform(t *testing.T) {
	here := runtime.GOOS + "/" + runtime.GOARCH
	lock := &resolver.Lock{Platforms: []resolver.Platform{{Name: "linux/s390x"}, {Name: here}}}
	if p, err := Platform(lock); err != nil || p.Name != here {
		t.Errorf("%v, %v", p, err)
	}
	lock.Platforms = lock.Platforms[:1]
	_, err := Platform(lock)
	var other *PlatformError
	if !errors.As(err, &other) || other.Machine != here || !strings.Contains(err.Error(), "linux/s390x") {
		t.Errorf("error %v", err)
	}
}

func TestPlatformErrorSaysWhatToDo(t *testing.T) {
	for machine, want := range map[string]string{"linux/arm64": "[image] platforms", "darwin/arm64": "--target env --load"} {
		if got := (&PlatformError{Machine: machine, Locked: []string{"linux/amd64"}}).Error(); !strings.Contains(got, want) {
			t.Errorf("%s: %s", machine, got)
		}
	}
}

// uv looks for the configuration of a project in the directory where it runs and
// above: in /tmp, where every user may write one that names another Python.
func TestNobodysConfiguration(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "uv"), []byte("#!/bin/sh\n[ -f uv.toml ] && [ ! -s uv.toml ] && exit 7\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	r := Request{Lock: &resolver.Lock{Platforms: []resolver.Platform{{Name: runtime.GOOS + "/" + runtime.GOARCH}}}, Log: io.Discard}
	dir := t.TempDir()
	if err := r.Make(t.Context(), dir, dir); err == nil || !strings.Contains(err.Error(), "exit status 7") {
		t.Errorf("uv ran where another's configuration is found: %v", err)
	}
}

func TestLinksWithComma(t *testing.T) {
	scratch, log := t.TempDir(), strings.Builder{}
	echo, err := exec.LookPath("echo")
	if err != nil {
		t.Skip("there is no echo")
	}
	made := tool{scratch: scratch, uv: echo, log: &log}
	if err := made.install(t.Context(), "requirements.txt", []string{"/a", "/b,https:/example.com"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "--find-links /a --find-links "+filepath.Join(scratch, "wheels-1")+" ") {
		t.Errorf("uv gets %s", log.String())
	}
	if to, err := os.Readlink(filepath.Join(scratch, "wheels-1")); to != "/b,https:/example.com" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
}
