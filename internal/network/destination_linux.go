package network

import (
	"fmt"
	"net/netip"

	"github.com/deployfile/deployfile/internal/guarded"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// find looks up an address in the routing tables of the calling thread's
// network namespace.
func find(addr netip.Addr) (guarded.Destination, error) {
	routes, err := netlink.RouteGet(addr.AsSlice())
	if err != nil {
		return guarded.Elsewhere, fmt.Errorf("the way to %s: %w", addr, err)
	}
	for _, r := range routes {
		switch r.Type {
		case unix.RTN_LOCAL:
			return guarded.Here, nil
		case unix.RTN_BROADCAST, unix.RTN_MULTICAST, unix.RTN_ANYCAST:
			return guarded.Many, nil
		case unix.RTN_UNICAST:
		default:
			return guarded.Elsewhere, fmt.Errorf("the way to %s is closed", addr)
		}
	}
	return guarded.Elsewhere, nil
}
