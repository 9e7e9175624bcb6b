// Package docker publishes to a Docker engine, local or remote. A release is one
// container, as in package containers. The engine also stores the revisions: they are
// in the labels of their containers. Containers of earlier revisions are kept, stopped,
// so that a rollback needs no registry.
package docker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/dockerengine"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/containers"
	engine "github.com/moby/moby/client"
)

const connectLimit = 10 * time.Second

// Options say which endpoint is published to.
type Options struct {
	// Target is the target, with its endpoint's name. The engine is the one that
	// Docker's own CLI would use.
	Target deployfile.Target
}

// Publisher is an endpoint at a Docker engine.
type Publisher struct {
	*publish.Engine
	host *host
}

var (
	_ publish.Publisher = (*Publisher)(nil)
	_ publish.Logger    = (*Publisher)(nil)
	_ publish.Opener    = (*Publisher)(nil)
	_ publish.Importer  = (*Publisher)(nil)
)

// Open connects to the engine.
func Open(ctx context.Context, o Options) (*Publisher, error) {
	if o.Target.Endpoint == "" {
		return nil, errors.New("the target has no endpoint")
	}
	c, address, err := dockerengine.New()
	if err != nil {
		return nil, fmt.Errorf("no Docker engine: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	if _, err := c.Ping(ctx, engine.PingOptions{}); err != nil {
		return nil, errors.Join(fmt.Errorf("no Docker engine: %w\nhint: start it, or choose another with DOCKER_HOST or docker context use", err), c.Close())
	}
	r, err := newReach(address)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	h := &host{endpoint: o.Target.Endpoint, client: c, reach: r}
	return &Publisher{
		Engine: publish.NewEngine(h.endpoint, store{h}, containers.NewDriver(h.endpoint, h, containers.NewProbe(r.dial))),
		host:   h,
	}, nil
}
