package modelstore

import (
	"net"
	"strings"

	"github.com/deployfile/deployfile/internal/guarded"
)

// guardedDialer returns how requests of a server's client connect. What a server of another
// machine names is no service of this one.
func guardedDialer(server string) guarded.Connect {
	name, _, err := net.SplitHostPort(server)
	if err != nil {
		name = strings.Trim(server, "[]")
	}
	return guarded.Dialer(func(host string) bool { return onLoopback(server) || strings.EqualFold(host, name) })
}

// errNotFollowed says that an address which a server names is not asked.
var errNotFollowed = guarded.ErrNotFollowed
