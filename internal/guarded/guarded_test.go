package guarded

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

// TestRefuse refuses what no server of another machine has.
func TestRefuse(t *testing.T) {
	for ip, want := range map[string][2]bool{ // refused from a server elsewhere, from one on this machine
		"169.254.169.254": {true, true}, "fe80::1%eth0": {true, true}, "::ffff:169.254.169.254": {true, true}, "fd00:ec2::254": {true, true},
		"127.0.0.1": {true, false}, "::1": {true, false}, "0.0.0.0": {true, false},
		"10.0.0.1": {false, false}, "203.0.113.1": {false, false}, "2001:db8::1": {false, false},
	} {
		for n, loopback := range []bool{false, true} {
			if err := refuse(netip.MustParseAddr(ip), loopback); (err != nil) != want[n] {
				t.Errorf("%s, with the server on this machine %t: %v", ip, loopback, err)
			}
		}
	}
}

// TestDialer connects to the loopback if that is allowed, and never to a cloud's metadata.
func TestDialer(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	for _, allowed := range []bool{true, false} {
		for address, want := range map[string]bool{s.Listener.Addr().String(): allowed, "169.254.169.254:80": false, "[fd00:ec2::254]:80": false} {
			c, err := Dialer(func(string) bool { return allowed })(t.Context(), "tcp", address)
			if (err == nil) != want || err != nil && !errors.Is(err, ErrNotFollowed) {
				t.Errorf("%s, with the loopback %t: %v", address, allowed, err)
			}
			if c != nil {
				c.Close()
			}
		}
	}
}
