// Package network gives each step of the embedded builder a network of its own:
// a network namespace with one TUN device, whose other end is a TCP/IP stack in
// the supervisor. What a step sends is dialled from there by ordinary sockets,
// if Check lets it, so that the machine is not changed and nothing has to be
// taken back: no bridge, no rule of a firewall, no setting.
//
// The process that becomes the step's runc calls Enter. The supervisor runs a
// Server, to whose socket the device is passed. Commands reach a server in a
// step's network by Dial.
package network

import (
	"net/netip"
)

// The addresses of a step's network. They are the same in each, and IPv4's are
// those that a machine may use behind a translation of its own (RFC 7335).

// Gateway is where the stack answers, which is names (port 53) and nothing else.
func Gateway() netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 0, 1}) }

// Own is the step's own IPv4 address.
func Own() netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 0, 2}) }

// own6 is the step's own IPv6 address, a unique local one (RFC 4193).
func own6() netip.Addr { return netip.MustParseAddr("fd5c:8e1b:27f0::2") }

// mtu is the size of the device's packets in bytes. No link is behind it whose
// own size would matter, and each packet costs the same.
const mtu = 65520

// dnsPort is where names are asked for, of UDP and TCP.
const dnsPort = 53
