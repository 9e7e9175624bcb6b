package builder

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/docker/cli/cli/connhelper"
	"github.com/moby/buildkit/client"
	docker "github.com/moby/moby/client"
)

const dockerDeadline = 10 * time.Second

// dialDocker connects to the BuildKit inside Docker's engine. The engine turns
// a request for /grpc into a connection to BuildKit's control API, and one for
// /session into a build session. DOCKER_HOST, DOCKER_CERT_PATH and
// DOCKER_TLS_VERIFY mean what they mean to Docker's own CLI.
func dialDocker(ctx context.Context, _ Options) (_ *Builder, err error) {
	engine, err := NewEngine()
	if err != nil {
		return nil, fmt.Errorf("no Docker engine: %w", err)
	}
	host := engine.DaemonHost()
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

// NewEngine makes a client of the Docker engine that DOCKER_HOST names, or that
// is at its default place, without calling it. Docker's own client does not know
// ssh:// by itself.
func NewEngine() (*docker.Client, error) {
	host := os.Getenv(docker.EnvOverrideHost)
	if !strings.HasPrefix(host, "ssh://") {
		return docker.New(docker.FromEnv)
	}
	helper, err := connhelper.GetConnectionHelper(host)
	if err != nil {
		return nil, err
	}
	return docker.New(docker.WithHost(helper.Host), docker.WithDialContext(helper.Dialer))
}
