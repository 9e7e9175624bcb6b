//go:build linux

package cluster

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sandbox is a network, mount and process namespace, which the host sees
// nothing of and which ends, with every process in it, with its first one.
type sandbox struct {
	first *process
	net   *os.File
}

// setUp is what the first process does before it becomes pause. The bridge is
// both the node's address and the gateway of its pods; the default route lets
// kube-proxy find the node's address. What Kubernetes writes to directories of the
// host that no option moves is lost in memory.
const setUp = `set -e
mount --make-rprivate /
mount --make-rshared /
mount -t proc proc /proc
for directory in /run /var/log /var/lib/cni /var/lib/kubelet; do
	mkdir -p $directory
	mount -t tmpfs tmpfs $directory
done
ip link set lo up
ip link add cni0 type bridge
ip address add ` + bridge + ` dev cni0
ip link set cni0 up
ip route add default dev cni0
echo 1 >/proc/sys/net/ipv4/ip_forward
touch "$1"
exec "$2"
`

// startSandbox makes the namespaces; dir is for its log.
func startSandbox(dir string) (*sandbox, error) {
	pause, err := find("pause")
	if err != nil {
		return nil, err
	}
	ready := filepath.Join(dir, "sandbox")
	c := exec.Command("sh", "-c", setUp, "sh", ready, pause)
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID}
	first, err := start(c, filepath.Join(dir, "log", "sandbox"))
	if err != nil {
		return nil, err
	}
	s := &sandbox{first: first}
	for {
		if _, err := os.Stat(ready); err == nil {
			break
		}
		if err := first.check(); err != nil {
			return nil, err
		}
		time.Sleep(10 * time.Millisecond)
	}
	if s.net, err = os.Open(fmt.Sprintf("/proc/%d/ns/net", first.command.Process.Pid)); err != nil {
		first.kill()
		return nil, err
	}
	return s, nil
}

// command makes a command within the network namespace only: it has the files
// and the processes of the host.
func (s *sandbox) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return withoutProxy(exec.CommandContext(ctx, "nsenter", append([]string{fmt.Sprintf("--net=/proc/%d/ns/net", s.first.command.Process.Pid), "--", absolute(name)}, args...)...))
}

// inside makes a command within all namespaces. Killing it does not end the
// program, ending the sandbox does.
func (s *sandbox) inside(name string, args ...string) *exec.Cmd {
	return withoutProxy(exec.Command("nsenter", append([]string{fmt.Sprintf("--target=%d", s.first.command.Process.Pid), "--net", "--mount", "--pid", "--", absolute(name)}, args...)...))
}

// withoutProxy tells the command that no proxy leads anywhere.
func withoutProxy(c *exec.Cmd) *exec.Cmd {
	c.Env = append(os.Environ(), "NO_PROXY=*", "no_proxy=*")
	return c
}

// absolute returns the path of a program, because nsenter changes the directory that
// it looks from; the name itself, if not found, for nsenter's error.
func absolute(name string) string {
	if path, err := find(name); err == nil {
		return path
	}
	return name
}

// find returns the absolute path of a program on PATH.
func find(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%w: run make kubernetes, and put bin/ on PATH", err)
	}
	return filepath.Abs(path)
}

// dial connects from within the network namespace. The address has to be an
// IP address: names are looked up by other threads, which are elsewhere.
func (s *sandbox) dial(ctx context.Context, network, address string) (net.Conn, error) {
	return within(s.net, func() (net.Conn, error) { return (&net.Dialer{}).DialContext(ctx, network, address) })
}

// listen listens within the network namespace, at an IP address.
func (s *sandbox) listen(ctx context.Context, network, address string) (net.Listener, error) {
	return within(s.net, func() (net.Listener, error) { return (&net.ListenConfig{}).Listen(ctx, network, address) })
}

// within makes a socket, which then stays in the network namespace.
func within[Socket any](namespace *os.File, open func() (Socket, error)) (Socket, error) {
	type result struct {
		socket Socket
		err    error
	}
	done := make(chan result, 1)
	go func() {
		// Never unlocked, so that the thread ends with this goroutine instead
		// of serving others in the wrong namespace.
		runtime.LockOSThread()
		if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- result{err: fmt.Errorf("entering the node's network: %w", err)}
			return
		}
		socket, err := open()
		done <- result{socket, err}
	}()
	r := <-done
	return r.socket, r.err
}

func (s *sandbox) client() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: s.dial}}
}

// stop ends everything in the namespaces.
func (s *sandbox) stop() {
	s.first.kill()
	_ = s.net.Close()
}
