package builder

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/client"

	// Each registers the connection helper of its URL scheme.
	_ "github.com/moby/buildkit/client/connhelper/dockercontainer"
	_ "github.com/moby/buildkit/client/connhelper/kubepod"
	_ "github.com/moby/buildkit/client/connhelper/ssh"
)

// A helper may have to start a program on another machine before it answers.
const remoteDeadline = 30 * time.Second

// dialRemote connects to the address that the user gave.
func dialRemote(ctx context.Context, address string) (*Builder, error) {
	schemes := []string{"unix", "tcp", "docker-container", "kube-pod", "ssh"}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the builder's address is not a URL: %w", err)
	}
	if !slices.Contains(schemes, u.Scheme) {
		return nil, fmt.Errorf("the builder's address %q is neither docker nor embedded, nor starts with one of %s://", u.Redacted(), strings.Join(schemes, "://, "))
	}
	c, err := client.New(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("the builder at %s: %w", u.Redacted(), err)
	}
	workers, err := checkWorkers(ctx, c, remoteDeadline)
	if err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("no BuildKit answers at %s: %w", u.Redacted(), err)
	}
	return &Builder{
		Client:  c,
		Kind:    Remote,
		Address: u.Redacted(),
		workers: workers,
		closers: []func() error{c.Close},
	}, nil
}
