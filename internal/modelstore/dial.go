package modelstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/deployfile/deployfile/internal/network"
)

// connect dials an address.
type connect func(ctx context.Context, network, address string) (net.Conn, error)

// guardedDialer returns how requests of a server's client connect. A server signs
// addresses and redirects to them, and what is read there becomes a part of an image:
// so none may lead to the metadata of a cloud, and that of another machine to no
// service of this one.
func guardedDialer(server string) connect {
	plain := &net.Dialer{Timeout: 30 * time.Second}
	name, _, err := net.SplitHostPort(server)
	if err != nil {
		name = strings.Trim(server, "[]")
	}
	proxies := proxyAddresses()
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if proxies[address] {
			return plain.DialContext(ctx, network, address)
		}
		host, _, _ := net.SplitHostPort(address)
		loopback := onLoopback(server) || strings.EqualFold(host, name)
		guarded := *plain
		guarded.Control = func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			return refuseAddress(at.Addr(), loopback)
		}
		return guarded.DialContext(ctx, network, address)
	}
}

// errNotFollowed says that an address which a server names is not asked.
var errNotFollowed = errors.New("it is not followed")

// refuseAddress refuses addresses that no store of another machine has: those that the
// steps of a builder may not reach either.
func refuseAddress(ip netip.Addr, loopback bool) error {
	if own := ip.Unmap(); loopback && (own.IsLoopback() || own.IsUnspecified()) {
		return nil
	}
	err := network.Check(ip, func(netip.Addr) (network.Destination, error) { return network.Elsewhere, nil })
	if err != nil {
		return fmt.Errorf("%w, and may be this machine's own or a cloud's metadata: %w", err, errNotFollowed)
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
