package build

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// stopDeadline is how long the machinery below a server has to remove it.
const stopDeadline = 10 * time.Second

// Server is a running image.
type Server interface {
	// Exited is closed when the server has ended, by itself or by Stop.
	Exited() <-chan struct{}
	// Err says how a server that ended by itself did so.
	Err() error
	// Stop ends the server: it is asked first (SIGTERM), and killed when the
	// grace is over. It returns when the server is gone.
	Stop(grace time.Duration)
}

// ServerOptions say how an image is started.
type ServerOptions struct {
	// Platform is the one of the image's that is started.
	Platform ocispecs.Platform
	// Port is where the server listens on this machine.
	Port int
	// Log receives what the server prints.
	Log io.Writer
}

// container is a server in a container of the builder.
type container struct {
	ctr     gwclient.Container
	process gwclient.ContainerProcess
	exited  chan struct{}
	err     error
}

var _ Server = (*container)(nil)

// Start starts the image in the builder itself, as its config says, with PORT
// set. The network is that of the builder, so the server answers on this
// machine's loopback if the builder runs here and its steps share its network,
// as those of the embedded one do. The context is that of the build.
func (b *Built) Start(ctx context.Context, o ServerOptions) (Server, error) {
	ref, ok := b.Result.FindRef(platforms.Format(o.Platform))
	if !ok || ref == nil {
		return nil, fmt.Errorf("there is no image for %s, the builder's platform", platforms.Format(o.Platform))
	}
	var image dockerspec.DockerOCIImage
	data := exptypes.ParseKey(b.Result.Metadata, exptypes.ExporterImageConfigKey, &exptypes.Platform{ID: platforms.Format(o.Platform)})
	if err := json.Unmarshal(data, &image); err != nil {
		return nil, fmt.Errorf("the image's config: %w", err)
	}
	ctr, err := b.Client.NewContainer(ctx, gwclient.NewContainerRequest{
		Mounts: []gwclient.Mount{{Dest: "/", MountType: pb.MountType_BIND, Ref: ref}},
	})
	if err != nil {
		return nil, fmt.Errorf("start the image in the builder: %w", err)
	}
	env := slices.DeleteFunc(slices.Clone(image.Config.Env), func(e string) bool { return strings.HasPrefix(e, "PORT=") })
	process, err := ctr.Start(ctx, gwclient.StartRequest{
		Args:   append(slices.Clone(image.Config.Entrypoint), image.Config.Cmd...),
		Env:    append(env, "PORT="+strconv.Itoa(o.Port)),
		User:   image.Config.User,
		Cwd:    image.Config.WorkingDir,
		Stdout: keepOpen{o.Log},
		Stderr: keepOpen{o.Log},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the image in the builder: %w", err), ctr.Release(ctx))
	}
	c := &container{ctr: ctr, process: process, exited: make(chan struct{})}
	go c.watch(b.builder)
	return c, nil
}

// lookPause is how long between two looks whether the builder is there.
const lookPause = 2 * time.Second

// watch waits for the end of the process, and for that of the builder, of which
// BuildKit's client does not tell who waits for a process.
func (c *container) watch(b *builder.Builder) {
	defer close(c.exited)
	ended := make(chan error, 1)
	go func() { ended <- c.process.Wait() }()
	look := time.NewTicker(lookPause)
	defer look.Stop()
	for {
		select {
		case c.err = <-ended:
			return
		case <-look.C:
			lost := fmt.Errorf("the connection was lost: %w", io.EOF)
			if b.Explain(lost) != lost {
				c.err = lost
				return
			}
		}
	}
}

// Exited implements Server.
func (c *container) Exited() <-chan struct{} { return c.exited }

// Err implements Server.
func (c *container) Err() error {
	<-c.exited
	var exit *gatewayapi.ExitError
	switch {
	case c.err == nil:
		return errors.New("the server ended by itself, with exit code 0")
	case errors.As(c.err, &exit):
		return fmt.Errorf("the server ended by itself, with exit code %d", exit.ExitCode)
	}
	return c.err
}

// Stop implements Server.
func (c *container) Stop(grace time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), grace+stopDeadline)
	defer cancel()
	if grace > 0 && c.process.Signal(ctx, syscall.SIGTERM) == nil {
		select {
		case <-c.exited:
		case <-time.After(grace):
		}
	}
	// What runs on is killed with its container.
	_ = c.process.Signal(ctx, syscall.SIGKILL)
	_ = c.ctr.Release(ctx)
	select {
	case <-c.exited:
	case <-ctx.Done():
	}
}
