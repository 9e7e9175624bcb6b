package docker

import (
	"context"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/containers"
	"github.com/moby/moby/api/types/container"
	engine "github.com/moby/moby/client"
)

// all lists the containers with the endpoint's label.
func (h *host) all(ctx context.Context) ([]container.Summary, error) {
	r, err := h.client.ContainerList(ctx, engine.ContainerListOptions{
		All:     true,
		Filters: engine.Filters{}.Add("label", containers.LabelEndpoint+"="+h.endpoint),
	})
	if err != nil {
		return nil, fmt.Errorf("list the containers of %s: %w", h.endpoint, err)
	}
	return r.Items, nil
}

func nameOf(c container.Summary) string {
	if len(c.Names) == 0 {
		return ""
	}
	return strings.TrimPrefix(c.Names[0], "/")
}

// inspect returns nil if there is no such container.
func (h *host) inspect(ctx context.Context, name string) (*container.InspectResponse, error) {
	r, err := h.client.ContainerInspect(ctx, name, engine.ContainerInspectOptions{})
	switch {
	case errdefs.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("container %s: %w", name, err)
	}
	return &r.Container, nil
}

// find returns the container of a record, nil if it is gone.
func (h *host) find(ctx context.Context, r publish.Record) (*container.InspectResponse, error) {
	if r.Number == 0 {
		return h.inspect(ctx, r.Attempt)
	}
	for _, name := range []string{h.nextName(r), h.endpoint, containers.Numbered(h.endpoint, r.Number)} {
		c, err := h.inspect(ctx, name)
		if err != nil {
			return nil, err
		}
		if c == nil || !h.ours(c) {
			continue
		}
		if got, err := containers.Decode([]byte(c.Config.Labels[labelRevision]), c.Config.Labels); err == nil && got.Number == r.Number && got.Attempt == r.Attempt {
			return c, nil
		}
	}
	return nil, nil
}

// need returns the container of a record, which must exist.
func (h *host) need(ctx context.Context, r publish.Record) (*container.InspectResponse, error) {
	c, err := h.find(ctx, r)
	if err == nil && c == nil {
		err = fmt.Errorf("the container of revision %d is gone", r.Number)
	}
	return c, err
}

func trimmed(c *container.InspectResponse) string { return strings.TrimPrefix(c.Name, "/") }

func (h *host) ours(c *container.InspectResponse) bool {
	return c.Config != nil && c.Config.Labels[containers.LabelEndpoint] == h.endpoint && c.Config.Labels[labelRevision] != ""
}

// create creates a container. Like all functions here that change something, it
// completes even if ctx ends, because the engine would complete it anyway, at an
// unknown time.
func (h *host) create(ctx context.Context, o engine.ContainerCreateOptions) error {
	if _, err := h.client.ContainerCreate(context.WithoutCancel(ctx), o); err != nil {
		return fmt.Errorf("create container %s: %w", o.Name, err)
	}
	return nil
}

// remove removes a container, if it exists.
func (h *host) remove(ctx context.Context, name string) error {
	_, err := h.client.ContainerRemove(context.WithoutCancel(ctx), name, engine.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("remove container %s: %w", name, err)
	}
	return nil
}

func (h *host) start(ctx context.Context, name string) error {
	if _, err := h.client.ContainerStart(context.WithoutCancel(ctx), name, engine.ContainerStartOptions{}); err != nil {
		return fmt.Errorf("start container %s: %w", name, err)
	}
	return ctx.Err()
}

// stop stops the server gracefully.
func (h *host) stop(ctx context.Context, name string) error {
	seconds := int(publish.StopLimit.Seconds())
	if _, err := h.client.ContainerStop(context.WithoutCancel(ctx), name, engine.ContainerStopOptions{Timeout: &seconds}); err != nil {
		return fmt.Errorf("stop container %s: %w", name, err)
	}
	return ctx.Err()
}

func (h *host) rename(ctx context.Context, name, to string) error {
	if _, err := h.client.ContainerRename(context.WithoutCancel(ctx), name, engine.ContainerRenameOptions{NewName: to}); err != nil {
		return fmt.Errorf("rename container %s to %s: %w", name, to, err)
	}
	return nil
}
