package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/internal/dockerengine"
	"github.com/deployfile/deployfile/internal/pipe"
	"github.com/deployfile/deployfile/internal/untrusted"
	dockercontainer "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	docker "github.com/moby/moby/client"
)

const engineDeadline = 10 * time.Second

// Engine is a Docker engine that can load and run images.
type Engine struct {
	client *docker.Client
	// containerd reports whether the engine keeps images in containerd, so that its
	// BuildKit has all exporters.
	containerd bool
	// memory is the machine's memory in bytes.
	memory int64
}

// FindEngine connects to the engine of Docker's CLI.
func FindEngine(ctx context.Context) (*Engine, error) {
	c, _, err := dockerengine.New()
	if err != nil {
		return nil, fmt.Errorf("no Docker engine: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, engineDeadline)
	defer cancel()
	r, err := c.Info(ctx, docker.InfoOptions{})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("no Docker engine: %w", err), c.Close())
	}
	return &Engine{client: c, memory: r.Info.MemTotal, containerd: slices.Contains(r.Info.DriverStatus, [2]string{"driver-type", "io.containerd.snapshotter.v1"})}, nil
}

// Close closes the connection.
func (e *Engine) Close() error { return e.client.Close() }

// Output returns the output with which a build on b loads its image, by name,
// into the engine.
func (e *Engine) Output(b *builder.Builder, name string) Output {
	switch {
	case b.Kind != builder.Docker:
		return Output{Type: typeEngine, Attrs: map[string]string{"name": name}, engine: e}
	case e.containerd:
		return Output{Type: "image", Attrs: map[string]string{"name": name}}
	}
	return Output{Type: "moby", Attrs: map[string]string{"name": name}}
}

// Unnamed returns the output with which a build on b leaves its image in the
// engine's store, without a name.
func (e *Engine) Unnamed(b *builder.Builder) Output {
	out := e.Output(b, "")
	delete(out.Attrs, "name")
	return out
}

// CheckPush returns an error if a build on the engine's own BuildKit cannot push.
func (e *Engine) CheckPush() error {
	if !e.containerd {
		return errors.New("the image store of this Docker engine cannot push from a build: turn on its containerd image store, or use --load and docker push")
	}
	return nil
}

// HasManifests reports whether the engine identifies an unnamed image by the digest
// of its manifest; otherwise it uses the digest of the configuration.
func (e *Engine) HasManifests() bool { return e.containerd }

// load returns a writer for an image archive; its Close returns when the engine
// has loaded the image.
func (e *Engine) load() io.WriteCloser {
	return pipe.To(func(archive io.Reader) error {
		_, err := dockerengine.Load(context.Background(), e.client, archive)
		return err
	})
}

// Start starts an image of the engine and forwards o.Listen of this machine to
// it. The server has no capabilities and cannot gain privileges.
func (e *Engine) Start(ctx context.Context, image string, o ServerOptions) (Server, error) {
	port, ok := network.PortFrom(uint16(o.Port), network.TCP)
	if !ok {
		return nil, fmt.Errorf("invalid port %d: give one from 1 to 65535", o.Port)
	}
	limits := o.Limits
	if limits.Processes == 0 {
		limits.Processes = builder.DefaultProcesses
	}
	if limits.Memory == 0 {
		limits.Memory = e.memory / 4 * 3
	}
	created, err := e.client.ContainerCreate(ctx, docker.ContainerCreateOptions{
		Image:    image,
		Config:   &dockercontainer.Config{ExposedPorts: network.PortSet{port: {}}},
		Platform: &o.Platform,
		HostConfig: &dockercontainer.HostConfig{
			PortBindings: network.PortMap{
				port: {{HostIP: o.Listen.Addr(), HostPort: strconv.Itoa(int(o.Listen.Port()))}},
			},
			SecurityOpt: []string{"no-new-privileges"},
			CapDrop:     []string{"ALL"},
			Resources:   dockercontainer.Resources{Memory: limits.Memory, PidsLimit: &limits.Processes},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("start %s in Docker's engine: %w", image, err)
	}
	s := &engineServer{client: e.client, id: created.ID, exited: make(chan struct{})}
	if _, err := e.client.ContainerStart(ctx, s.id, docker.ContainerStartOptions{}); err != nil {
		s.remove()
		return nil, fmt.Errorf("start %s in Docker's engine: %w", image, err)
	}
	go s.watch(o.Log)
	return s, nil
}

// engineServer is a server in a container of Docker's engine.
type engineServer struct {
	client *docker.Client
	id     string
	exited chan struct{}
	err    error
}

var _ Server = (*engineServer)(nil)

// watch copies the server's log until the server exits.
func (s *engineServer) watch(log io.Writer) {
	defer close(s.exited)
	ctx := context.Background()
	wait := s.client.ContainerWait(ctx, s.id, docker.ContainerWaitOptions{})
	if logs, err := s.client.ContainerLogs(ctx, s.id, docker.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: true}); err == nil {
		_ = untrusted.CopyEngineLog(log, logs)
		_ = logs.Close()
	}
	select {
	case r := <-wait.Result:
		s.err = fmt.Errorf("the server exited with code %d", r.StatusCode)
	case err := <-wait.Error:
		s.err = fmt.Errorf("wait for the server: %w", err)
	}
}

// Exited implements Server.
func (s *engineServer) Exited() <-chan struct{} { return s.exited }

// Err implements Server.
func (s *engineServer) Err() error {
	<-s.exited
	return s.err
}

// Stop implements Server.
func (s *engineServer) Stop(grace time.Duration) {
	if grace > 0 {
		ctx, cancel := context.WithTimeout(context.Background(), grace+stopDeadline)
		defer cancel()
		seconds := int(grace / time.Second)
		_, _ = s.client.ContainerStop(ctx, s.id, docker.ContainerStopOptions{Timeout: &seconds})
	}
	s.remove()
}

func (s *engineServer) remove() {
	ctx, cancel := context.WithTimeout(context.Background(), stopDeadline)
	defer cancel()
	_, _ = s.client.ContainerRemove(ctx, s.id, docker.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
}
