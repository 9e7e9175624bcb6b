package network

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/fdbased"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

// stepWithoutRoom returns a network, and a TCP stack in the place of a step that has
// room for a few kilobytes of each connection. A pair of sockets is their device.
func stepWithoutRoom(t *testing.T) (*network, *stack.Stack) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	n, err := newNetwork(fds[0])
	if err != nil {
		t.Fatal(err)
	}
	device, err := fdbased.New(&fdbased.Options{FDs: fds[1:], MTU: mtu})
	if err != nil {
		t.Fatal(err)
	}
	step := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol},
	})
	t.Cleanup(func() {
		step.Destroy()
		if err := n.close(); err != nil {
			t.Error(err)
		}
		_ = unix.Close(fds[1])
	})
	room := tcpip.TCPReceiveBufferSizeRangeOption{Min: 4 << 10, Default: 4 << 10, Max: 4 << 10}
	own := tcpip.ProtocolAddress{Protocol: ipv4.ProtocolNumber, AddressWithPrefix: tcpip.AddrFrom4(Own().As4()).WithPrefix()}
	for _, failed := range []tcpip.Error{
		step.SetTransportProtocolOption(tcp.ProtocolNumber, &room),
		step.CreateNIC(nic, device),
		step.AddProtocolAddress(nic, own, stack.AddressProperties{}),
	} {
		if failed != nil {
			t.Fatal(failed)
		}
	}
	step.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: nic}})
	return n, step
}

// A connection that both sides have closed keeps its place among a step's connections
// as long as the supervisor holds what the step has not received; else a step that
// receives nothing would fill the supervisor's memory with one connection after another.
func TestConnectionKeepsItsPlace(t *testing.T) {
	n, step := stepWithoutRoom(t)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 16<<10) // 256 KiB
	closed := make(chan struct{})
	handler := tcp.NewForwarder(n.stack, bufferSize, maxFlows, func(r *tcp.ForwarderRequest) {
		if !n.take() {
			r.Complete(true)
			return
		}
		defer n.release()
		// The server sends, and is gone at once.
		out, server := net.Pipe()
		go func() {
			defer close(closed)
			go func() { _, _ = io.Copy(io.Discard, server) }()
			if _, err := server.Write(sent); err != nil {
				t.Error(err)
			}
			_ = server.Close()
		}()
		n.connect(r, out)
	})
	n.stack.SetTransportProtocolHandler(tcp.ProtocolNumber, handler.HandlePacket)
	to := tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFrom4([4]byte{198, 51, 100, 1}), Port: 80}
	conn, err := gonet.DialContextTCP(t.Context(), step, to, ipv4.ProtocolNumber)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	<-closed
	for range 10 {
		time.Sleep(untakenPause)
		if len(n.flows) != 1 {
			t.Fatalf("%d connections have a place while the step has not received everything, want 1", len(n.flows))
		}
	}
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	received, err := io.ReadAll(conn)
	if err != nil || !bytes.Equal(received, sent) {
		t.Errorf("%d of %d bytes are received: %v", len(received), len(sent), err)
	}
	for end := time.Now().Add(20 * time.Second); len(n.flows) != 0; time.Sleep(untakenPause / 10) {
		if time.Now().After(end) {
			t.Fatal("the connection keeps its place after the step has received everything")
		}
	}
}
