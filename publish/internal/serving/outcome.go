package serving

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// GivenUp is the error of a deployment whose caller does not want to wait any
// more, nil if it does.
func GivenUp(ctx context.Context, endpoint string, number int) error {
	if !errors.Is(ctx.Err(), context.Canceled) {
		return nil
	}
	return fmt.Errorf("%s: revision %d was given up before it served: %w", endpoint, number, context.Cause(ctx))
}

// CheckPort finds a program of this machine's own at a port that a container on
// its network is to have: the program's answers must not count for the
// container's.
func CheckPort(ctx context.Context, port int) error {
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return nil
	}
	return errors.Join(fmt.Errorf("port %d is in use by another program", port), c.Close())
}

// freePort is a port of this machine that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// Stale says whether a deployment that began some time ago, with a limit to its
// waits, must have ended without a word. It waits twice, on trial and in place.
func Stale(age, limit time.Duration) bool { return age > 2*limit+Grace+Slack }
