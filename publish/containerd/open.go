package containerd

import (
	"context"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// Open implements publish.Opener.
func (p *Publisher) Open(ctx context.Context) (*publish.Endpoint, error) {
	newest, err := p.newest(ctx)
	if err != nil {
		return nil, err
	}
	c, err := manifests.ParseContainer(newest.Documents)
	if err != nil {
		return nil, err
	}
	return &publish.Endpoint{URL: p.host.Live(c), Close: func() error { return nil }}, nil
}

// newest returns the newest deployed revision. The error is a *publish.NothingError if
// nothing is deployed.
func (p *Publisher) newest(ctx context.Context) (*publish.Record, error) {
	all, err := p.host.all(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if c.Phase == publish.Deployed {
			return &c.Record, nil
		}
	}
	return nil, &publish.NothingError{Endpoint: p.host.endpoint}
}
