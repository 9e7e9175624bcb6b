package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/deployfile/deployfile/internal/guarded"
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/fdbased"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
)

const (
	nic = 1
	// maxFlows limits what one step may have at once: connections, UDP flows, DNS
	// queries. Each takes a file and up to a megabyte.
	maxFlows = 1024
	// bufferSize is the buffer of each side of a connection in bytes.
	bufferSize = 512 << 10
)

// network is the far end of a step's device.
type network struct {
	fd     int
	stack  *stack.Stack
	ctx    context.Context
	cancel context.CancelFunc
	// flows has a slot for each flow.
	flows chan struct{}
}

// newNetwork takes over the device and answers what a step sends to it.
func newNetwork(fd int) (*network, error) {
	n := &network{fd: fd, flows: make(chan struct{}, maxFlows)}
	if err := n.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("answer a step's network: %w", err), unix.Close(fd))
	}
	return n, nil
}

func (n *network) start() error {
	device, err := fdbased.New(&fdbased.Options{
		FDs: []int{n.fd},
		MTU: mtu,
		// The kernel created the packets, in memory.
		RXChecksumOffload: true,
	})
	if err != nil {
		return err
	}
	n.stack = stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, ipv6.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol},
	})
	buffers := tcpip.TCPReceiveBufferSizeRangeOption{Min: tcp.MinBufferSize, Default: bufferSize, Max: bufferSize}
	sending := tcpip.TCPSendBufferSizeRangeOption(buffers)
	sack := tcpip.TCPSACKEnabled(true)
	for _, option := range []tcpip.SettableTransportProtocolOption{&buffers, &sending, &sack} {
		if err := n.stack.SetTransportProtocolOption(tcp.ProtocolNumber, option); err != nil {
			return errors.New(err.String())
		}
	}
	n.ctx, n.cancel = context.WithCancel(context.Background())
	n.stack.SetTransportProtocolHandler(tcp.ProtocolNumber, tcp.NewForwarder(n.stack, bufferSize, maxFlows, n.forwardTCP).HandlePacket)
	n.stack.SetTransportProtocolHandler(udp.ProtocolNumber, udp.NewForwarder(n.stack, n.forwardUDP).HandlePacket)
	if err := n.stack.CreateNIC(nic, quiet(device)); err != nil {
		return errors.New(err.String())
	}
	gateway := tcpip.ProtocolAddress{
		Protocol:          ipv4.ProtocolNumber,
		AddressWithPrefix: tcpip.AddrFrom4(Gateway().As4()).WithPrefix(),
	}
	if err := n.stack.AddProtocolAddress(nic, gateway, stack.AddressProperties{}); err != nil {
		return errors.New(err.String())
	}
	// The stack answers for every address that a step may ask for.
	if err := n.stack.SetPromiscuousMode(nic, true); err != nil {
		return errors.New(err.String())
	}
	if err := n.stack.SetSpoofing(nic, true); err != nil {
		return errors.New(err.String())
	}
	n.stack.SetRouteTable([]tcpip.Route{
		{Destination: header.IPv4EmptySubnet, NIC: nic},
		{Destination: header.IPv6EmptySubnet, NIC: nic},
	})
	return nil
}

// close closes all connections and the device.
func (n *network) close() error {
	n.cancel()
	n.stack.Destroy()
	return unix.Close(n.fd)
}

// take takes a slot for a flow; false if none is left.
func (n *network) take() bool {
	select {
	case n.flows <- struct{}{}:
		return true
	default:
		return false
	}
}

func (n *network) release() { <-n.flows }

// dialStep connects to a port of the step.
func (n *network) dialStep(ctx context.Context, port uint16) (net.Conn, error) {
	to := tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFrom4(Own().As4()), Port: port}
	return gonet.DialContextTCP(ctx, n.stack, to, ipv4.ProtocolNumber)
}

// connectDeadline is about the kernel's own timeout for a connection.
const connectDeadline = 2 * time.Minute

// dial connects to the address that a step asked for, if Check allows it.
func (n *network) dial(network string, to netip.AddrPort) (net.Conn, error) {
	if err := guarded.Check(to.Addr(), find); err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: connectDeadline}
	return dialer.DialContext(n.ctx, network, to.String())
}

// addrPort converts an address of the stack.
func addrPort(addr tcpip.Address, port uint16) netip.AddrPort {
	a, _ := netip.AddrFromSlice(addr.AsSlice())
	return netip.AddrPortFrom(a.Unmap(), port)
}
