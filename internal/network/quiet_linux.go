package network

import (
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/nested"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// quietEndpoint drops ICMP. Otherwise the stack would answer a ping for every
// machine, whether it exists or not.
type quietEndpoint struct{ nested.Endpoint }

func quiet(device stack.LinkEndpoint) stack.LinkEndpoint {
	e := &quietEndpoint{}
	e.Init(device, e)
	return e
}

// DeliverNetworkPacket implements stack.NetworkDispatcher.
func (e *quietEndpoint) DeliverNetworkPacket(protocol tcpip.NetworkProtocolNumber, pkt *stack.PacketBuffer) {
	switch protocol {
	case ipv4.ProtocolNumber:
		if h, ok := pkt.Data().PullUp(header.IPv4MinimumSize); !ok || header.IPv4(h).TransportProtocol() == header.ICMPv4ProtocolNumber {
			return
		}
	case ipv6.ProtocolNumber:
		if h, ok := pkt.Data().PullUp(header.IPv6MinimumSize); !ok || header.IPv6(h).TransportProtocol() == header.ICMPv6ProtocolNumber {
			return
		}
	}
	e.Endpoint.DeliverNetworkPacket(protocol, pkt)
}
