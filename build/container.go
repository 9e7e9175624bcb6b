package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/containerd/platforms"
	"github.com/deployfile/deployfile/builder"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	gatewayapi "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// stopDeadline is how long the removal of a server may take.
const stopDeadline = 10 * time.Second

// Server is a running image.
type Server interface {
	// Exited is closed when the server has exited, by itself or by Stop.
	Exited() <-chan struct{}
	// Err returns how a server that exited by itself did so.
	Err() error
	// Stop stops the server: with SIGTERM first, and SIGKILL after the grace
	// period. It returns when the server is gone.
	Stop(grace time.Duration)
}

// ServerOptions are the options for starting an image.
type ServerOptions struct {
	// Platform selects the platform of the image.
	Platform ocispecs.Platform
	// Port is the server's port in its container.
	Port int
	// Listen is the address of this machine to forward from.
	Listen netip.AddrPort
	// Limits limits the server.
	Limits builder.Limits
	// Log receives the server's output.
	Log io.Writer
}

// container is a server in a container of the builder.
type container struct {
	ctr     gwclient.Container
	process gwclient.ContainerProcess
	// closers end with the container.
	closers []io.Closer
	ending
}

var _ Server = (*container)(nil)

// Start starts the image in the builder itself, as its config says, with PORT
// set. Only this process can reach the server; it listens and forwards each
// connection. In the embedded builder the server has a network of its own, see
// builder.Server. In any other builder it has no network, because nobody knows
// what that network reaches, and the builder's own limits apply. The context is
// the build's.
func (b *Built) Start(ctx context.Context, o ServerOptions) (_ Server, err error) {
	ref, ok := b.Result.FindRef(platforms.Format(o.Platform))
	if !ok || ref == nil {
		return nil, fmt.Errorf("there is no image for %s, the builder's platform", platforms.Format(o.Platform))
	}
	var image dockerspec.DockerOCIImage
	data := exptypes.ParseKey(b.Result.Metadata, exptypes.ExporterImageConfigKey, &exptypes.Platform{ID: platforms.Format(o.Platform)})
	if err := json.Unmarshal(data, &image); err != nil {
		return nil, fmt.Errorf("the image's config: %w", err)
	}
	c := &container{ending: ending{told: make(chan struct{})}}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start the image in the builder: %w", err), c.release(ctx))
		}
	}()
	args := append(slices.Clone(image.Config.Entrypoint), image.Config.Cmd...)
	request := gwclient.NewContainerRequest{
		Mounts: []gwclient.Mount{{Dest: "/", MountType: pb.MountType_BIND, Ref: ref}},
	}
	var dial dialFunc
	var stderr io.WriteCloser = keepOpen{o.Log}
	if b.builder.Kind == builder.Embedded {
		server, err := b.builder.NewServer(ctx, o.Limits)
		if err != nil {
			return nil, err
		}
		c.closers = append(c.closers, server)
		request.Hostname = server.Name
		dial = func(ctx context.Context) (io.ReadWriteCloser, error) { return server.Dial(ctx, o.Port) }
	} else {
		if uid, _, _ := strings.Cut(image.Config.User, ":"); uid == "" || strings.Trim(uid, "0") == "" || uid == "root" {
			return nil, errors.New("its user is root, who could replace the programs that confine it: set another user in [image], or leave --builder to the embedded one")
		}
		request.NetMode = pb.NetMode_NONE
		args = confined(supervised(args))
		stderr = keepOpen{&exitCode{ended: c.end}}
		dial = func(ctx context.Context) (io.ReadWriteCloser, error) { return c.connect(ctx, o.Port) }
	}
	if c.ctr, err = b.Client.NewContainer(ctx, request); err != nil {
		return nil, err
	}
	env := slices.DeleteFunc(slices.Clone(image.Config.Env), func(e string) bool { return strings.HasPrefix(e, "PORT=") })
	if c.process, err = c.ctr.Start(ctx, gwclient.StartRequest{
		Args:   args,
		Env:    append(env, "PORT="+strconv.Itoa(o.Port)),
		User:   image.Config.User,
		Cwd:    image.Config.WorkingDir,
		Stdout: keepOpen{o.Log},
		Stderr: stderr,
	}); err != nil {
		return nil, err
	}
	go c.watch(b.builder)
	forwarder, err := forward(ctx, o.Listen, dial)
	if err != nil {
		c.Stop(0)
		return nil, err
	}
	c.closers = append(c.closers, forwarder)
	return c, nil
}

// release releases the container's resources.
func (c *container) release(ctx context.Context) error {
	var errs []error
	for _, closer := range slices.Backward(c.closers) {
		errs = append(errs, closer.Close())
	}
	c.closers = nil
	if c.ctr != nil {
		errs = append(errs, c.ctr.Release(ctx))
		c.ctr = nil
	}
	return errors.Join(errs...)
}

// lookPause is how often to check that the builder is there.
const lookPause = 2 * time.Second

// watch waits for the end of the process or of the builder; BuildKit's client
// does not report the latter to a caller that waits for a process.
func (c *container) watch(b *builder.Builder) {
	go func() { c.end(c.process.Wait()) }()
	look := time.NewTicker(lookPause)
	defer look.Stop()
	for {
		select {
		case <-c.told:
			return
		case <-look.C:
			lost := fmt.Errorf("the connection was lost: %w", io.EOF)
			if b.Explain(lost) != lost {
				c.end(lost)
			}
		}
	}
}

// Exited implements Server.
func (c *container) Exited() <-chan struct{} { return c.told }

// Err implements Server.
func (c *container) Err() error {
	<-c.told
	var exit *gatewayapi.ExitError
	switch {
	case c.err == nil:
		return errors.New("the server exited with code 0")
	case errors.As(c.err, &exit):
		return fmt.Errorf("the server exited with code %d", exit.ExitCode)
	}
	return c.err
}

// Stop implements Server.
func (c *container) Stop(grace time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), grace+stopDeadline)
	defer cancel()
	if grace > 0 && c.process.Signal(ctx, syscall.SIGTERM) == nil {
		select {
		case <-c.told:
		case <-time.After(grace):
		}
	}
	// A process that still runs is killed with its container.
	_ = c.process.Signal(ctx, syscall.SIGKILL)
	_ = c.release(ctx)
	select {
	case <-c.told:
	case <-ctx.Done():
	}
}
