// Package network gives each step of the embedded builder a network of its own:
// a network namespace with one TUN device, whose other end is a TCP/IP stack in
// the supervisor. The supervisor dials with ordinary sockets what a step asks
// for, if guarded.Check allows it. So the machine is not changed and nothing has to be
// cleaned up: no bridge, no firewall rule, no setting.
//
// The process that becomes the step's runc calls Enter. The supervisor runs a
// Server, and receives the device on its socket. Commands reach a server in a
// step's network by Dial.
package network

import (
	"net/netip"
)

// The addresses of a step's network. They are the same in each; the IPv4
// addresses are reserved for a machine's own address translation (RFC 7335).

// Gateway returns the stack's own address, which answers only DNS (port 53).
func Gateway() netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 0, 1}) }

// Own returns the step's own IPv4 address.
func Own() netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 0, 2}) }

// own6 returns the step's own IPv6 address, a unique local address (RFC 4193).
func own6() netip.Addr { return netip.MustParseAddr("fd5c:8e1b:27f0::2") }

// mtu is the packet size of the device in bytes. No physical link follows whose
// MTU would matter, and the cost is per packet.
const mtu = 65520

// dnsPort is the port for DNS, over UDP and TCP.
const dnsPort = 53
