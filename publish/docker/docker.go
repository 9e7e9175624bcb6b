// Package docker publishes to a Docker engine, local or remote: a release is one
// container. The engine itself remembers what was deployed: the container has
// the revision in its labels, and those before it are kept, stopped, so that
// going back to them needs no registry.
//
// A revision replaces another in steps. Its container is created under the name
// ENDPOINT-next; that only one can have this name is what keeps two deployments
// apart. Where it needs the port of the one that serves, a trial container with
// the same settings first has to serve at another port. Only then the old one
// is stopped, the new one started in its place and both renamed; if that fails,
// the old one is started again.
package docker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/dockerengine"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/serving"
	engine "github.com/moby/moby/client"
)

const connectLimit = 10 * time.Second

// Options say which endpoint is published to.
type Options struct {
	// Target is the target, with its endpoint's name; its engine is the one
	// that Docker's own CLI would use.
	Target deployfile.Target
}

// Publisher is an endpoint at a Docker engine.
type Publisher struct {
	target   deployfile.Target
	endpoint string
	client   *engine.Client
	reach    reach
	probe    *serving.Probe
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
		return nil, errors.Join(fmt.Errorf("no Docker engine: %w: start it, or choose another with DOCKER_HOST or docker context use", err), c.Close())
	}
	r, err := newReach(address)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &Publisher{target: o.Target, endpoint: o.Target.Endpoint, client: c, reach: r, probe: serving.NewProbe(r.dial)}, nil
}

// Close implements publish.Publisher.
func (p *Publisher) Close() error { return p.client.Close() }

// nextName is that of the container that is to serve, trialName that of the one
// that shows that it can.
func (p *Publisher) nextName() string  { return p.endpoint + "-next" }
func (p *Publisher) trialName() string { return p.endpoint + "-trial" }
