package guarded

import (
	"errors"
	"net/netip"
	"testing"
)

func TestCheck(t *testing.T) {
	here := netip.MustParseAddr("192.168.1.5")
	here6 := netip.MustParseAddr("2001:db8::5")
	find := func(a netip.Addr) (Destination, error) {
		switch a {
		case here, here6:
			return Here, nil
		case netip.MustParseAddr("192.168.1.255"):
			return Many, nil
		}
		return Elsewhere, nil
	}
	for _, test := range []struct {
		addr    string
		refused bool
	}{
		{"192.168.1.6", false},
		{"10.0.0.1", false},
		{"172.16.0.1", false},
		{"100.64.0.1", false},
		{"169.253.255.255", false},
		{"169.255.0.0", false},
		{"1.1.1.1", false},
		{"223.255.255.255", false},
		{"2606:4700::1111", false},
		{"fd00::1", false},
		{"fd00:ec1::1", false},
		{"64:ff9b::101:101", false},
		{"2002:0101:0101::1", false},
		{"::ffff:10.0.0.1", false},

		{"127.0.0.1", true},
		{"127.255.255.254", true},
		{"0.0.0.0", true},
		{"0.1.2.3", true},
		{"169.254.169.254", true},
		{"169.254.0.0", true},
		{"169.254.255.255", true},
		{"100.100.100.200", true},
		{"168.63.129.16", true},
		{"192.0.0.192", true},
		{"192.0.0.1", true},
		{"192.0.0.2", true},
		{"224.0.0.1", true},
		{"240.0.0.1", true},
		{"255.255.255.255", true},
		{"192.168.1.255", true},
		{"192.168.1.5", true},
		{"2001:db8::5", true},
		{"::", true},
		{"::1", true},
		{"fe80::1", true},
		{"fe80::1%eth0", true},
		{"febf::1", true},
		{"fec0::1", true},
		{"fd00:ec2::254", true},
		{"fd00:ec2:ffff::1", true},
		{"fd20:ce::254", true},
		{"ff02::1", true},
		{"::ffff:127.0.0.1", true},
		{"::ffff:169.254.169.254", true},
		{"::ffff:192.168.1.5", true},
		{"::127.0.0.1", true},
		{"64:ff9b::a9fe:a9fe", true},
		{"64:ff9b::7f00:1", true},
		{"64:ff9b::c0a8:105", true},
		{"64:ff9b:1::a9fe:a9fe", true},
		{"2002:a9fe:a9fe::1", true},
		{"2002:7f00:1::", true},
		{"2001:0:7f00:1::", true},
	} {
		err := Check(netip.MustParseAddr(test.addr), find)
		var refused *RefusedError
		if got := errors.As(err, &refused); got != test.refused || !got && err != nil {
			t.Errorf("%s: %v, want refused %v", test.addr, err, test.refused)
		}
	}
	unreachable := errors.New("no route")
	if err := Check(here, func(netip.Addr) (Destination, error) { return Elsewhere, unreachable }); !errors.Is(err, unreachable) {
		t.Errorf("an address without a route: %v", err)
	}
}
