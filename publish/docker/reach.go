package docker

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish/internal/containers"
	"github.com/docker/cli/cli/connhelper/commandconn"
	"github.com/docker/cli/cli/connhelper/ssh"
)

// reach connects to the ports of the engine's machine.
type reach struct {
	// local reports whether the engine is on this machine.
	local bool
	// host is the name of another machine.
	host string
	// dial opens connections to its ports, as seen from there; nil if the operating
	// system can.
	dial containers.Dial
}

// newReach returns the reach of the engine at an address.
func newReach(address string) (reach, error) {
	if strings.HasPrefix(address, "ssh://") {
		spec, err := ssh.ParseURL(address)
		if err != nil {
			return reach{}, err
		}
		return reach{host: spec.Host, dial: func(ctx context.Context, _, to string) (net.Conn, error) {
			// The connection outlives the context of the dial.
			return commandconn.New(context.WithoutCancel(ctx), "ssh", append([]string{"-o", "ConnectTimeout=30", "-T", "-W", to}, spec.Args()...)...)
		}}, nil
	}
	u, err := url.Parse(address)
	if err != nil {
		return reach{}, fmt.Errorf("the engine's address: %w", err)
	}
	if host := u.Hostname(); u.Scheme == "tcp" && !loopback(host) {
		return reach{host: host}, nil
	}
	return reach{local: true}, nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || host == "" || err == nil && address.IsLoopback()
}

// url returns the URL of a container that listens at a port of an address of the
// engine's machine, as dial reaches it.
func (r reach) url(address string, port int) string {
	ip, err := netip.ParseAddr(address)
	if everywhere := err != nil || ip.IsUnspecified(); everywhere {
		address = "127.0.0.1"
		if r.host != "" && r.dial == nil {
			address = r.host
		}
	}
	return "http://" + net.JoinHostPort(address, strconv.Itoa(port))
}

// check refuses addresses that deployfile could not reach to ask whether the server is
// ready.
func (r reach) check(c *manifests.Container) error {
	if c.Publish == nil || r.local || r.dial != nil || !loopback(c.Publish.Address) {
		return nil
	}
	return fmt.Errorf("the engine is at %s, and port %d would be open for that machine's own programs only: set address of the target to an address of that machine (0.0.0.0 for all), or use ssh://%[1]s", r.host, c.Publish.Port)
}
