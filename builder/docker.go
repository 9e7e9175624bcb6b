package builder

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/deployfile/deployfile/internal/dockerengine"
	"github.com/moby/buildkit/client"
	docker "github.com/moby/moby/client"
)

const dockerDeadline = 10 * time.Second

// dialDocker connects to the BuildKit in Docker's engine. The engine turns a
// request for /grpc into a connection to BuildKit's control API, and one for
// /session into a build session.
func dialDocker(ctx context.Context, _ Options) (_ *Builder, err error) {
	engine, host, err := dockerengine.Unlimited()
	if err != nil {
		return nil, fmt.Errorf("no Docker engine: %w", err)
	}
	defer func() {
		if err != nil {
			_ = engine.Close()
		}
	}()

	pingCtx, cancel := context.WithTimeout(ctx, dockerDeadline)
	defer cancel()
	ping, err := engine.Ping(pingCtx, docker.PingOptions{})
	if err != nil {
		return nil, fmt.Errorf("no Docker engine at %s: %w", host, err)
	}
	if ping.OSType == "windows" {
		return nil, fmt.Errorf("the Docker engine at %s runs Windows containers: switch it to Linux containers", host)
	}
	c, err := client.New(ctx, "",
		client.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return engine.DialHijack(ctx, "/grpc", "h2c", nil)
		}),
		client.WithSessionDialer(func(ctx context.Context, proto string, meta map[string][]string) (net.Conn, error) {
			return engine.DialHijack(ctx, "/session", proto, meta)
		}))
	if err != nil {
		return nil, fmt.Errorf("the BuildKit of the Docker engine at %s: %w", host, err)
	}
	workers, err := checkWorkers(ctx, c, dockerDeadline)
	if err != nil {
		_ = c.Close()
		return nil, fmt.Errorf("the Docker engine at %s offers no BuildKit: %w", host, err)
	}
	return &Builder{
		Client:  c,
		Kind:    Docker,
		Address: host,
		workers: workers,
		closers: []func() error{engine.Close, c.Close},
	}, nil
}
