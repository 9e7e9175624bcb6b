// Package guarded connects to servers whose addresses other servers name: they redirect,
// sign addresses, and say where a token is. What is read there becomes a part of an image
// or of an error, so no such address may lead to the metadata of a cloud.
package guarded

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// Connect dials an address.
type Connect func(ctx context.Context, network, address string) (net.Conn, error)

// Dialer returns how requests connect that may lead anywhere but to link-local addresses
// and the metadata of clouds. To the loopback they lead if that is allowed for a host. The
// user's proxies may be anywhere.
func Dialer(loopback func(host string) bool) Connect {
	plain := &net.Dialer{Timeout: 30 * time.Second}
	proxies := proxyAddresses()
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if proxies[address] {
			return plain.DialContext(ctx, network, address)
		}
		host, _, _ := net.SplitHostPort(address)
		allowed := loopback(host)
		checked := *plain
		checked.Control = func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			return refuse(at.Addr(), allowed)
		}
		return checked.DialContext(ctx, network, address)
	}
}

// ErrNotFollowed says that an address which a server names is not asked.
var ErrNotFollowed = errors.New("it is not followed")

// refuse refuses addresses that no store of another machine has: those that the
// steps of a builder may not reach either.
func refuse(ip netip.Addr, loopback bool) error {
	if own := ip.Unmap(); loopback && (own.IsLoopback() || own.IsUnspecified()) {
		return nil
	}
	err := Check(ip, func(netip.Addr) (Destination, error) { return Elsewhere, nil })
	if err != nil {
		return fmt.Errorf("%w, and may be this machine's own or a cloud's metadata: %w", err, ErrNotFollowed)
	}
	return nil
}

// proxyAddresses returns the addresses of the user's proxies, as they are dialed.
func proxyAddresses() map[string]bool {
	out := map[string]bool{}
	for _, scheme := range []string{"http", "https"} {
		proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: scheme, Host: "store.invalid"}})
		if err != nil || proxy == nil {
			continue
		}
		port := proxy.Port()
		if port == "" {
			port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[proxy.Scheme]
		}
		out[net.JoinHostPort(proxy.Hostname(), port)] = true
	}
	return out
}
