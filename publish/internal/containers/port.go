package containers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/deployfile/deployfile/manifests"
)

// Outside returns the port of the machine that leads to a container.
func Outside(c *manifests.Container) int {
	if c.Publish != nil {
		return c.Publish.Port
	}
	return c.Port
}

// MoveAway moves a container on the machine's own network to a free port.
func MoveAway(c *manifests.Container) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	c.Port, c.Env = port, maps.Clone(c.Env)
	c.Env["PORT"] = strconv.Itoa(port)
	return nil
}

// CheckPort returns an error if another program of this machine listens at the port of
// a container on its network: its answers must not count as the container's.
func CheckPort(ctx context.Context, port int) error {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil
	}
	return errors.Join(fmt.Errorf("port %d is in use by another program", port), c.Close())
}

// freePort returns a free port of this machine.
func freePort() (int, error) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// Environment returns a container's environment, in the form NAME=VALUE.
func Environment(c *manifests.Container) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		out = append(out, name+"="+c.Env[name])
	}
	return out
}
