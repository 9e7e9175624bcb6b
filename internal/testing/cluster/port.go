//go:build linux

package cluster

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
)

// freePort returns a port of the loopback that nothing listens on, and that the
// kernel does not give to outgoing connections: a server that is started again
// finds it free.
func freePort() (int, error) {
	var err error
	for range 100 {
		port := 20000 + rand.IntN(10000)
		var l net.Listener
		if l, err = net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return port, l.Close()
		}
	}
	return 0, err
}

// again starts a cluster, up to three times if another process took one of its
// ports before it did.
func again[C any](start func() (C, error)) (C, error) {
	for try := 1; ; try++ {
		c, err := start()
		if err == nil || try == 3 || !strings.Contains(err.Error(), "address already in use") {
			return c, err
		}
	}
}
