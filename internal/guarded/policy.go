package guarded

import (
	"fmt"
	"net/netip"
)

// RefusedError reports that a step asked for an address that steps may not
// reach.
type RefusedError struct {
	// Addr is the address.
	Addr netip.Addr
	// Why describes the address, such as "is this machine itself".
	Why string
}

func (e *RefusedError) Error() string { return fmt.Sprintf("%s %s", e.Addr, e.Why) }

// Destination is the result of a lookup in the machine's routing tables.
type Destination int

// The destinations.
const (
	// Elsewhere is another machine or network namespace.
	Elsewhere Destination = iota
	// Here is the machine itself: an address of one of its interfaces, or one that
	// is routed to it.
	Here
	// Many is a broadcast, multicast or anycast address.
	Many
)

// Check returns nil if a step may connect to addr, else a *RefusedError, or the
// error of find, which looks up an address in the machine's routing tables. It
// checks the dialled address, whatever name it came from. An address that
// embeds another, such as one of a NAT64 gateway, is refused if the embedded
// one is.
func Check(addr netip.Addr, find func(netip.Addr) (Destination, error)) error {
	whole := addr
	for {
		// The zone names a link, and steps have no links.
		addr = addr.Unmap().WithZone("")
		if why := special(addr); why != "" {
			return &RefusedError{Addr: whole, Why: why}
		}
		where, err := find(addr)
		switch {
		case err != nil:
			return err
		case where == Here:
			return &RefusedError{Addr: whole, Why: "is this machine itself"}
		case where == Many:
			return &RefusedError{Addr: whole, Why: "is not the address of one machine"}
		}
		inner, ok := embedded(addr)
		if !ok {
			return nil
		}
		addr = inner
	}
}

// special describes an address that no step may reach, wherever it leads; ""
// for other addresses. The numbers come from IANA's special-purpose registries
// (RFC 6890) and from the clouds' own documentation.
func special(addr netip.Addr) string {
	for _, r := range []struct{ prefix, what string }{
		{"0.0.0.0/8", "is this machine itself"}, // RFC 1122: Linux takes it for the loopback
		{"127.0.0.0/8", "is the loopback"},
		{"::/128", "is this machine itself"},
		{"::1/128", "is the loopback"},
		{"169.254.0.0/16", "is link-local: clouds have their metadata there"},
		{"fe80::/10", "is link-local"},
		{"fec0::/10", "is site-local"},                       // RFC 3879: not to be used any more
		{"fd00:ec2::/32", "is a cloud's metadata"},           // AWS
		{"fd20:ce::254/128", "is a cloud's metadata"},        // Google Cloud
		{"fd00:42::42/128", "is a cloud's metadata"},         // Scaleway
		{"fd00:c1::a9fe:a9fe/128", "is a cloud's metadata"},  // Oracle Cloud
		{"fd00:a9fe:a9fe::1/128", "is a cloud's metadata"},   // Linode
		{"fd00:100::100:200/128", "is a cloud's metadata"},   // Alibaba Cloud
		{"100.100.100.100/32", "is this machine itself"},     // Tailscale's own service
		{"100.100.100.200/32", "is a cloud's metadata"},      // Alibaba Cloud
		{"168.63.129.16/32", "is a cloud's metadata"},        // Azure, the WireServer
		{"192.0.0.0/24", "is no machine's address"},          // RFC 6890; Oracle Cloud's metadata; ours
		{"224.0.0.0/3", "is not the address of one machine"}, // multicast, reserved, broadcast
		{"ff00::/8", "is not the address of one machine"},
		{"64:ff9b:1::/48", "is a translated address"}, // RFC 8215: what it holds cannot be told
		{"2001::/32", "is a translated address"},      // RFC 4380, Teredo
	} {
		if netip.MustParsePrefix(r.prefix).Contains(addr) {
			return r.what
		}
	}
	return ""
}

// embedded returns the IPv4 address that an IPv6 address embeds: of NAT64 (RFC
// 6052), of SIIT (RFC 2765), of 6to4 (RFC 3056), or an IPv4-compatible one (RFC
// 4291).
func embedded(addr netip.Addr) (netip.Addr, bool) {
	if !addr.Is6() {
		return netip.Addr{}, false
	}
	b := addr.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(addr), netip.MustParsePrefix("::ffff:0:0:0/96").Contains(addr), netip.MustParsePrefix("::/96").Contains(addr):
		return netip.AddrFrom4([4]byte(b[12:])), true
	case netip.MustParsePrefix("2002::/16").Contains(addr):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return netip.Addr{}, false
}
