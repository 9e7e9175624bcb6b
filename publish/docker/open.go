package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// Open implements publish.Opener. If the engine is reached by SSH, so is the endpoint.
func (p *Publisher) Open(ctx context.Context) (*publish.Endpoint, error) {
	newest, err := p.newest(ctx)
	if err != nil {
		return nil, err
	}
	c, err := manifests.ParseContainer(newest.Documents)
	if err != nil {
		return nil, err
	}
	url := p.host.Live(c)
	if p.host.reach.dial == nil {
		return &publish.Endpoint{URL: url, Close: func() error { return nil }}, nil
	}
	return p.tunnel(url[len("http://"):])
}

// newest returns the deployed revision. The error is a *publish.NothingError if its
// container does not exist, and a *publish.ConflictError if something else has its
// name.
func (p *Publisher) newest(ctx context.Context) (*publish.Record, error) {
	if unmanaged, err := p.host.Unmanaged(ctx); err != nil {
		return nil, err
	} else if unmanaged != nil {
		return nil, unmanaged.Conflict
	}
	c, err := p.host.inspect(ctx, p.host.endpoint)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, &publish.NothingError{Endpoint: p.host.endpoint}
	}
	r, _, err := store{p.host}.read(p.host.endpoint, c.Config.Labels)
	return &r, err
}

// tunnel listens on this machine's loopback and forwards to an address as seen from the
// engine's machine.
func (p *Publisher) tunnel(to string) (*publish.Endpoint, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open a tunnel: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for {
			here, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer here.Close()
				there, err := p.host.reach.dial(ctx, "tcp", to)
				if err != nil {
					return
				}
				defer there.Close()
				join(ctx, here, there)
			}()
		}
	}()
	return &publish.Endpoint{
		URL: "http://" + l.Addr().String(),
		Close: func() error {
			cancel()
			if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				return err
			}
			return nil
		},
	}, nil
}

// join copies both ways until one of the connections ends, or ctx.
func join(ctx context.Context, a, b net.Conn) {
	done := make(chan struct{}, 2)
	for from, to := range map[net.Conn]net.Conn{a: b, b: a} {
		go func() {
			_, _ = io.Copy(to, from)
			done <- struct{}{}
		}()
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
}
