package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/containerd/platforms"
	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
)

// serving is what run and predict have in common: they build the image, start
// it, and use the server that it is.
type serving struct {
	project *project
	build   build.Options
	// listen is where the server is to answer on this machine.
	listen netip.AddrPort
	limits builder.Limits
	// log receives what the server prints.
	log *serverLog
	// grace is how long the server has to end by itself.
	grace time.Duration
	// use is called when the server answers /ping; the server ends when it
	// returns.
	use func(ctx context.Context, url string, server build.Server) error
}

// run builds on b. With a Docker engine the image is loaded and run there,
// else it runs in the builder itself.
func (v *serving) run(ctx context.Context, b *builder.Builder) error {
	if len(v.build.Platforms) == 0 {
		p := platforms.Normalize(b.Platform())
		v.build.Platforms = []string{p.OS + "/" + p.Architecture}
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
	case v.limits != builder.Limits{}:
		return &usageError{fmt.Errorf("--memory and --pids-limit: the builder at %s does not limit servers, and there is no Docker engine here: %w", b.Address, err)}
	}
	return v.runInBuilder(ctx, b)
}

func (v *serving) runInBuilder(ctx context.Context, b *builder.Builder) error {
	// From the start of the server on, an interruption ends the server and not
	// the build that it belongs to, so that it can end in order.
	buildCtx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	handOver := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	v.build.Then = func(buildCtx context.Context, built *build.Built) error {
		if !handOver() {
			return context.Cause(ctx)
		}
		server, err := built.Start(buildCtx, v.server(b))
		if err != nil {
			return err
		}
		defer server.Stop(v.grace)
		built.EndProgress()
		return v.await(ctx, server)
	}
	_, err := build.Run(buildCtx, b, v.build)
	return err
}

func (v *serving) runInEngine(ctx context.Context, b *builder.Builder, engine *build.Engine) error {
	name := imageNames(v.project)[0]
	v.build.Outputs = []build.Output{engine.Output(b, name)}
	if _, err := build.Run(ctx, b, v.build); err != nil {
		return err
	}
	server, err := engine.Start(ctx, name, v.server(b))
	if err != nil {
		return err
	}
	defer server.Stop(v.grace)
	return v.await(ctx, server)
}

// server is how the image is started.
func (v *serving) server(b *builder.Builder) build.ServerOptions {
	return build.ServerOptions{
		Platform: platforms.Normalize(b.Platform()),
		Port:     v.project.file.Server.Port,
		Listen:   v.listen,
		Limits:   v.limits,
		Log:      v.log,
	}
}

// await waits until the server answers, and uses it.
func (v *serving) await(ctx context.Context, server build.Server) error {
	v.log.release()
	url := "http://" + callable(v.listen).String()
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
	client := loopbackClient()
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

// loopbackClient leaves out the proxies that the environment names.
func loopbackClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: stay}
}

// stay follows no redirect: a model's server would send this program where the model
// itself does not get, and the request with it.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// freePort finds a port that nobody listens on.
func freePort() (int, error) {
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

// checkListen says in time that somebody else has the port.
func checkListen(at netip.AddrPort) error {
	l, err := net.Listen("tcp", at.String())
	if err != nil {
		return fmt.Errorf("port %d cannot be used: %w; give another with --port", at.Port(), errors.Unwrap(err))
	}
	return l.Close()
}

// keptLog is how much of the log of a server that nobody watches is kept.
const keptLog = 64 << 10

// serverLog passes on what a server prints once the progress display has left
// the terminal; until then, and without a writer, it keeps the end of it.
type serverLog struct {
	to io.Writer

	mu       sync.Mutex
	released bool
	kept     bytes.Buffer
}

// Write implements io.Writer.
func (l *serverLog) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.released && l.to != nil {
		return l.to.Write(data)
	}
	l.kept.Write(data)
	if over := l.kept.Len() - keptLog; over > 0 {
		l.kept.Next(over)
	}
	return len(data), nil
}

func (l *serverLog) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.released = true
	if l.to != nil {
		_, _ = l.kept.WriteTo(l.to)
	}
}

// text is what was kept.
func (l *serverLog) text() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.kept.Bytes())
}
