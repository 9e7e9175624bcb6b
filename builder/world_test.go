//go:build linux && integration

package builder_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
)

// world is a machine in a network namespace of its own, which this process is in:
// services on its loopback, on an address of its own, and a resolver; and beside
// it, in a second namespace, an intranet with a service, and what a cloud has at
// link-local addresses. Every service says its name to whoever says hello.
type world struct {
	// raw counts the datagrams "raw" that each service got.
	raw map[string]*atomic.Int64
}

// The addresses of the world.
const (
	worldPort = "7777"
	own4      = "10.77.0.1"
	own6      = "fd00:77::1"
	intranet4 = "10.88.0.2"
	intranet6 = "fd00:88::2"
	metadata4 = "169.254.169.254"
	metadata6 = "fd00:ec2::254"
	worldName = "index.corp.test"
)

const worldVariable = "DEPLOYFILE_TEST_WORLD"

// inWorld runs the test that calls it again, in a process that is in a world, and
// returns it there; elsewhere it returns nil, and the test is done.
func inWorld(t *testing.T) *world {
	t.Helper()
	if os.Getenv(worldVariable) == t.Name() {
		return makeWorld(t)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), worldVariable+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return nil
}

func makeWorld(t *testing.T) *world {
	t.Helper()
	w := &world{raw: map[string]*atomic.Int64{}}
	for _, address := range []string{"127.0.0.1", own4, intranet4, metadata4} {
		w.raw[address] = &atomic.Int64{}
	}
	w.addLinks(t)
	serveNames(t)
	resolv := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(resolv, []byte("search corp.test\nnameserver 127.0.0.1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", "/", "", syscall.MS_PRIVATE|syscall.MS_REC, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount(resolv, "/etc/resolv.conf", "", syscall.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	return w
}

// addLinks makes the interfaces of both namespaces, and their services.
func (w *world) addLinks(t *testing.T) {
	t.Helper()
	here, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	if err := here.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "lan0"}, PeerName: "lan1"}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		// The thread ends with the goroutine; sockets stay where they were made.
		runtime.LockOSThread()
		done <- w.addIntranet(here)
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(up(here, "lo"), up(here, "lan0", "10.88.0.1/24", "fd00:88::1/64", own4+"/32", own6+"/128")); err != nil {
		t.Fatal(err)
	}
	if err := lead(here, "lan0", metadata4+"/32", metadata6+"/128"); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"127.0.0.1", "::1", own4, own6} {
		if err := w.serve(address); err != nil {
			t.Fatal(err)
		}
	}
}

// addIntranet makes the second namespace, which the calling thread is in then.
func (w *world) addIntranet(here *netlink.Handle) error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	namespace, err := unix.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(namespace)
	link, err := here.LinkByName("lan1")
	if err != nil {
		return err
	}
	if err := here.LinkSetNsFd(link, namespace); err != nil {
		return err
	}
	there, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer there.Close()
	errs := []error{up(there, "lo"), up(there, "lan1", intranet4+"/24", intranet6+"/64", metadata4+"/32", metadata6+"/128"), lead(there, "lan1", own4+"/32", own6+"/128")}
	for _, address := range []string{intranet4, intranet6, metadata4, metadata6} {
		errs = append(errs, w.serve(address))
	}
	return errors.Join(errs...)
}

// up returns an interface its addresses.
func up(h *netlink.Handle, name string, addresses ...string) error {
	link, err := h.LinkByName(name)
	if err != nil {
		return err
	}
	errs := []error{h.LinkSetUp(link)}
	for _, a := range addresses {
		addr, err := netlink.ParseAddr(a)
		if err != nil {
			return err
		}
		addr.Flags = unix.IFA_F_NODAD
		errs = append(errs, h.AddrAdd(link, addr))
	}
	return errors.Join(errs...)
}

// lead routes addresses to an interface.
func lead(h *netlink.Handle, name string, addresses ...string) error {
	link, err := h.LinkByName(name)
	if err != nil {
		return err
	}
	var errs []error
	for _, a := range addresses {
		dest, err := netlink.ParseIPNet(a)
		if err != nil {
			return err
		}
		errs = append(errs, h.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: dest, Scope: netlink.SCOPE_LINK}))
	}
	return errors.Join(errs...)
}

// serve answers at an address of the calling thread's namespace.
func (w *world) serve(address string) error {
	where := net.JoinHostPort(address, worldPort)
	listener, err := net.Listen("tcp", where)
	if err != nil {
		return err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := io.ReadFull(conn, make([]byte, len("hello"))); err == nil {
					_, _ = io.WriteString(conn, address)
				}
			}()
		}
	}()
	packets, err := net.ListenPacket("udp", where)
	if err != nil {
		return err
	}
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := packets.ReadFrom(buffer)
			if err != nil {
				return
			}
			if raw := w.raw[address]; raw != nil && string(buffer[:n]) == "raw" {
				raw.Add(1)
			}
			_, _ = packets.WriteTo([]byte(address), from)
		}
	}()
	return nil
}

// serveNames is the machine's resolver: worldName is the intranet's service, and
// there is no other name.
func serveNames(t *testing.T) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:53")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			if answer, err := answerName(buffer[:n]); err == nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
}

func answerName(question []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(question); err != nil || len(m.Questions) != 1 {
		return nil, errors.New("no question")
	}
	q := m.Questions[0]
	m.Response, m.Additionals = true, nil
	switch {
	case q.Name.String() != worldName+".":
		m.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeA:
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 60},
			Body:   &dnsmessage.AResource{A: netip.MustParseAddr(intranet4).As4()},
		}}
	}
	return m.Pack()
}
