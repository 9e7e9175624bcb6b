// Package serve starts an image as a server on this machine: in Docker's engine if
// there is one, or else in the builder itself.
//
// Promise: the server answers on the address that it is given and nowhere else, and
// it has ended when Run returns.
package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/containerd/platforms"
	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/internal/invoke"
	"github.com/deployfile/deployfile/internal/platform"
)

// Options say what is started, and how.
type Options struct {
	// Project is what is built, Build the options of the build; without Platforms
	// it is for the builder's own. Run sets Outputs and Then.
	Project *build.Project
	Build   build.Options
	// Listen is the address of this machine where the server answers.
	Listen netip.AddrPort
	// Limits bound the server.
	Limits builder.Limits
	// Log receives what the server prints; nil drops it.
	Log *Log
	// Grace is how long the server has to end by itself before it is killed.
	Grace time.Duration
}

// Use is called when the server is ready, which means that it answers /ping, with
// its URL; the server is stopped when it returns.
type Use func(ctx context.Context, url string, server build.Server) error

// serving is a run of a server.
type serving struct {
	Options
	use Use
}

// Run builds the image on b, starts it and uses the server. With a Docker engine
// the image is loaded and run there, else it runs in the builder itself. It returns
// the error of the build, the server or use.
func Run(ctx context.Context, b *builder.Builder, o Options, use Use) error {
	v := &serving{Options: o, use: use}
	if v.Log == nil {
		v.Log = &Log{}
	}
	if len(v.Build.Platforms) == 0 {
		v.Build.Platforms = []string{platform.Name(b.Platform())}
	}
	if b.Kind == builder.Embedded {
		return v.runInBuilder(ctx, b)
	}
	engine, err := build.FindEngine(ctx)
	switch {
	case err == nil:
		defer engine.Close()
		return v.runInEngine(ctx, b, engine)
	case b.Kind == builder.Docker:
		return err
	case v.Limits != builder.Limits{}:
		return &build.UsageError{Err: fmt.Errorf("--memory and --pids-limit: the builder at %s does not limit servers, and there is no Docker engine here: %w", b.Address, err)}
	}
	return v.runInBuilder(ctx, b)
}

func (v *serving) runInBuilder(ctx context.Context, b *builder.Builder) error {
	// From the start of the server on, an interruption ends the server and not
	// the build that it belongs to, so that it can end in order.
	buildCtx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	handOver := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	v.Build.Then = func(buildCtx context.Context, built *build.Built) error {
		if !handOver() {
			return context.Cause(ctx)
		}
		server, err := built.Start(buildCtx, v.server(b))
		if err != nil {
			return err
		}
		defer server.Stop(v.Grace)
		built.EndProgress()
		return v.await(ctx, server)
	}
	_, err := build.Run(buildCtx, b, v.Build)
	return err
}

func (v *serving) runInEngine(ctx context.Context, b *builder.Builder, engine *build.Engine) error {
	name := v.Project.ImageNames()[0]
	v.Build.Outputs = []build.Output{engine.Output(b, name)}
	if _, err := build.Run(ctx, b, v.Build); err != nil {
		return err
	}
	server, err := engine.Start(ctx, name, v.server(b))
	if err != nil {
		return err
	}
	defer server.Stop(v.Grace)
	return v.await(ctx, server)
}

// server is how the image is started.
func (v *serving) server(b *builder.Builder) build.ServerOptions {
	return build.ServerOptions{
		Platform: platforms.Normalize(b.Platform()),
		Port:     v.Project.File.Server.Port,
		Listen:   v.Listen,
		Limits:   v.Limits,
		Log:      v.Log,
	}
}

// await waits until the server answers, and uses it.
func (v *serving) await(ctx context.Context, server build.Server) error {
	v.Log.release()
	url := "http://" + callable(v.Listen).String()
	if err := awaitPing(ctx, url, server); err != nil {
		return err
	}
	return v.use(ctx, url, server)
}

// How long between two looks for a server that starts, and how long one that
// takes connections has to answer.
const (
	pingPause    = 20 * time.Millisecond
	pingDeadline = 10 * time.Second
)

func awaitPing(ctx context.Context, url string, server build.Server) error {
	client := invoke.Loopback()
	client.Timeout = pingDeadline
	var last error
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/ping", nil)
		if err != nil {
			return err
		}
		res, err := client.Do(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("%s/ping answers %s", url, res.Status)
		}
		last = err
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), last)
		case <-server.Exited():
			return server.Err()
		case <-time.After(pingPause):
		}
	}
}

// FreePort returns a TCP port of the loopback that nobody listens on.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// callable is where to call a server that listens at an address, which may stand
// for all of the machine's.
func callable(listen netip.AddrPort) netip.AddrPort {
	switch listen.Addr() {
	case netip.IPv4Unspecified():
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), listen.Port())
	case netip.IPv6Unspecified():
		return netip.AddrPortFrom(netip.IPv6Loopback(), listen.Port())
	}
	return listen
}

// CheckListen returns an error if somebody else listens at an address, so that this
// is known before a build.
func CheckListen(at netip.AddrPort) error {
	l, err := net.Listen("tcp", at.String())
	if err != nil {
		return fmt.Errorf("port %d cannot be used: %w; give another with --port", at.Port(), errors.Unwrap(err))
	}
	return l.Close()
}
