package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// namespaceAddress is the address of a Namespace. Not one of the loopback: what is there
// counts as reached by this machine alone.
const namespaceAddress = "10.213.7.1"

// Namespace is a network namespace of its own, with one address that nothing outside of it
// reaches. What is inside reaches nothing else.
type Namespace struct {
	Network
	file *os.File
}

// NewNamespace makes a network namespace, which ends with the test. It needs root.
func NewNamespace(t *testing.T) *Namespace {
	t.Helper()
	n := &Namespace{}
	err := onThread(func() (err error) {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return err
		}
		if n.file, err = os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid())); err != nil {
			return err
		}
		return configure(namespaceAddress + "/32")
	})
	if err != nil {
		t.Fatalf("make a network namespace: %v", err)
	}
	t.Cleanup(func() { _ = n.file.Close() })
	n.Network = Network{Address: namespaceAddress, Command: n.command, Dial: n.dial}
	return n
}

// configure gives the loopback of the calling thread's namespace an address.
func configure(address string) error {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer h.Close()
	link, err := h.LinkByName("lo")
	if err != nil {
		return err
	}
	a, err := netlink.ParseAddr(address)
	if err != nil {
		return err
	}
	return errors.Join(h.LinkSetUp(link), h.AddrAdd(link, a))
}

// onThread calls a function on a thread that ends with it, instead of serving others in the
// wrong namespace.
func onThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		done <- f()
	}()
	return <-done
}

// within calls a function on a thread in the namespace. A socket that it makes stays there.
func (n *Namespace) within(f func() error) error {
	return onThread(func() error {
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter a network namespace: %w", err)
		}
		return f()
	})
}

// command makes a command in the namespace, which has the program's process.
func (n *Namespace) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	at := fmt.Sprintf("--net=/proc/%d/fd/%d", os.Getpid(), n.file.Fd())
	return exec.CommandContext(ctx, "nsenter", append([]string{at, "--", name}, args...)...)
}

func (n *Namespace) dial(ctx context.Context, network, address string) (c net.Conn, err error) {
	err = n.within(func() error {
		c, err = (&net.Dialer{}).DialContext(ctx, network, address)
		return err
	})
	return c, err
}

// Listen listens at a free port of the namespace's address.
func (n *Namespace) Listen(t *testing.T) (l net.Listener) {
	t.Helper()
	err := n.within(func() (err error) {
		l, err = net.Listen("tcp", net.JoinHostPort(n.Address, "0"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}
