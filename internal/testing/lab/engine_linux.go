package lab

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Engine is a Docker engine, Debian's, in a network and with processes of its own. It
// ends with the test.
type Engine struct {
	// Host is what DOCKER_HOST says of it. Its socket is reached from everywhere.
	Host string

	pid int
}

// startEngine is what the first process of an engine's namespaces does before it
// becomes dockerd; the arguments are tini and dockerd's command line.
const startEngine = `set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
ip link set lo up
exec "$@"
`

// StartEngine starts an engine, which hack/engine.sh brings. The test is in a
// directory two below the module's.
func StartEngine(t *testing.T) *Engine {
	t.Helper()
	script := exec.Command("../../hack/engine.sh")
	script.Stderr = os.Stderr
	out, err := script.Output()
	if err != nil {
		t.Fatalf("hack/engine.sh: %v", err)
	}
	engine := strings.TrimSpace(string(out))
	libraries, err := filepath.Glob(filepath.Join(engine, "lib", "*-linux-gnu"))
	if err != nil || len(libraries) != 1 {
		t.Fatalf("libraries of the engine: %q, %v", libraries, err)
	}
	// Not t.TempDir, whose path is too long for a socket.
	dir, err := os.MkdirTemp("", "deployfile-engine-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	socket := filepath.Join(dir, "socket")
	d := exec.Command("sh", "-c", startEngine, "sh", filepath.Join(engine, "usr/bin/tini"), "--", "dockerd",
		"--host", "unix://"+socket, "--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"),
		"--pidfile", filepath.Join(dir, "pid"), "--exec-opt", "native.cgroupdriver=cgroupfs")
	d.Env = append(os.Environ(), "LD_LIBRARY_PATH="+libraries[0],
		"PATH="+filepath.Join(engine, "usr/bin")+":"+filepath.Join(engine, "usr/sbin")+":"+os.Getenv("PATH")+":/usr/sbin:/sbin")
	d.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID}
	p, err := StartCommand(filepath.Join(dir, "log"), func() bool {
		c, err := net.Dial("unix", socket)
		if err != nil {
			return false
		}
		return c.Close() == nil
	}, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return &Engine{"unix://" + socket, d.Process.Pid}
}

// Command makes a command in the engine's network, where the ports of its containers are.
func (e *Engine) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "nsenter", append([]string{fmt.Sprintf("--net=/proc/%d/ns/net", e.pid), "--", name}, args...)...)
	c.Env = append(os.Environ(), "NO_PROXY=*", "no_proxy=*")
	return c
}
