//go:build linux && integration

package builder_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// otherUser is the uid and gid of somebody else on the machine: nobody.
const otherUser = 65534

// TestAnotherUser tries, as somebody else on the machine, to use the embedded
// builder and to read or write any of its files.
func TestAnotherUser(t *testing.T) {
	o := options(t)
	// Everybody may come as far as the builder's own directory.
	if err := os.Chmod(filepath.Dir(filepath.Dir(o.StateDir)), 0o755); err != nil {
		t.Fatal(err)
	}
	find(t, o)
	buildctl, err := os.ReadFile("../bin/buildctl")
	if err != nil {
		t.Fatal(err)
	}
	tool := filepath.Join(t.TempDir(), "buildctl")
	if err := os.WriteFile(tool, buildctl, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := as(otherUser, tool, "--version"); err != nil {
		t.Fatalf("the other user cannot run buildctl, and so tests nothing: %v\n%s", err, out)
	}
	socket := strings.TrimPrefix(status(t, o).Address, "unix://")
	if out, err := as(0, tool, "--addr", "unix://"+socket, "debug", "workers"); err != nil {
		t.Fatalf("the owner cannot use the builder: %v\n%s", err, out)
	}
	for _, address := range sockets(t, o.StateDir) {
		if out, err := as(otherUser, tool, "--addr", "unix://"+address, "--timeout", "5", "debug", "workers"); err == nil {
			t.Errorf("another user uses the builder at %s:\n%s", address, out)
		}
	}
	files := 0
	err = filepath.WalkDir(o.StateDir, func(path string, d fs.DirEntry, err error) error {
		// What a step has made goes away while this looks.
		if err != nil || !d.Type().IsRegular() || files > 200 {
			return nil
		}
		files++
		if out, err := as(otherUser, "head", "-c", "1", path); err == nil {
			t.Errorf("another user reads %s: %q", path, out)
		}
		return nil
	})
	if err != nil || files < 5 {
		t.Errorf("%d files of the builder were tried: %v", files, err)
	}
	if out, err := as(otherUser, "sh", "-c", `echo x > "$1/new"`, "sh", o.StateDir); err == nil {
		t.Errorf("another user writes into the builder's directory: %s", out)
	}
	for pid, what := range processes(t, o) {
		if out, err := as(otherUser, "cat", fmt.Sprintf("/proc/%d/environ", pid)); err == nil {
			t.Errorf("another user reads the environment of %s: %s", what, out)
		}
	}
}

// as runs a command as a user with no group of ours.
func as(user uint32, command string, args ...string) ([]byte, error) {
	c := exec.Command(command, args...)
	c.Dir, c.Env = "/", []string{"PATH=" + os.Getenv("PATH")}
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	return c.CombinedOutput()
}

// sockets are the sockets that the builder of a state directory listens at.
// Each is in a directory of its owner's: an abstract one, or a port, would be
// everybody's.
func sockets(t *testing.T, dir string) []string {
	t.Helper()
	listening, err := os.ReadFile("/proc/net/unix")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(listening)) {
		fields := strings.Fields(line)
		if len(fields) < 8 || !strings.Contains(fields[7], "buildkit") && !strings.Contains(fields[7], dir) {
			continue
		}
		name := fields[7]
		// Others run builders of their own at the same time.
		if strings.HasPrefix(name, "@") {
			t.Errorf("socket %s is everybody's", name)
		}
		if strings.HasPrefix(name, dir) {
			out = append(out, name)
		}
	}
	if len(out) < 2 {
		t.Errorf("the sockets of the builder are %v", out)
	}
	return out
}

// TestCallersEnvironment starts the builder from an environment with a secret: the
// daemon, which other commands and other people's builds use later, has none of it.
func TestCallersEnvironment(t *testing.T) {
	t.Setenv("DEPLOYFILE_TEST_TOKEN", "tk-of-the-caller")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "tk-of-the-caller")
	t.Setenv("BUILDKIT_STEP_LOG_MAX_SIZE", "tk-of-the-caller")
	o := options(t)
	find(t, o)
	for pid, what := range processes(t, o) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil || !strings.Contains(string(text), "PATH=") {
			t.Errorf("the environment of %s is %q: %v", what, text, err)
		}
		if strings.Contains(string(text), "tk-of-the-caller") {
			t.Errorf("%s has the caller's environment: %q", what, text)
		}
	}
}
