package docker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/serving"
	"github.com/moby/moby/api/types/container"
	engine "github.com/moby/moby/client"
)

// keptContainer is a container that has a revision: the one that serves, or one that
// did.
type keptContainer struct {
	id, name string
	image    string
	labels   map[string]string
	running  bool
	revision publish.Revision
}

// kept lists the containers of the endpoint's revisions, newest first.
func (p *Publisher) kept(ctx context.Context) ([]keptContainer, error) {
	all, err := p.all(ctx)
	if err != nil {
		return nil, err
	}
	var out []keptContainer
	for _, c := range all {
		name := nameOf(c)
		if _, numbered := serving.Number(p.endpoint, name); name != p.endpoint && !numbered {
			continue
		}
		k := keptContainer{id: c.ID, name: name, image: c.ImageID, labels: c.Labels, running: c.State == container.StateRunning}
		if k.revision, err = serving.ParseRevision([]byte(c.Labels[labelRevision])); err != nil {
			return nil, fmt.Errorf("label %s of container %s: %w: remove the container if it is not deployfile's", labelRevision, name, err)
		}
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b keptContainer) int { return b.revision.Number - a.revision.Number })
	return out, nil
}

// all lists the containers with the endpoint's label.
func (p *Publisher) all(ctx context.Context) ([]container.Summary, error) {
	r, err := p.client.ContainerList(ctx, engine.ContainerListOptions{
		All:     true,
		Filters: engine.Filters{}.Add("label", serving.LabelEndpoint+"="+p.endpoint),
	})
	if err != nil {
		return nil, fmt.Errorf("list the containers of %s: %w", p.endpoint, err)
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
func (p *Publisher) inspect(ctx context.Context, name string) (*container.InspectResponse, error) {
	r, err := p.client.ContainerInspect(ctx, name, engine.ContainerInspectOptions{})
	switch {
	case errdefs.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("container %s: %w", name, err)
	}
	return &r.Container, nil
}

// current is the container that serves or should, nil if there is none. One of
// that name that is not of this project is a *publish.ConflictError.
func (p *Publisher) current(ctx context.Context) (*container.InspectResponse, error) {
	c, err := p.inspect(ctx, p.endpoint)
	if err != nil || c == nil || p.ours(c) {
		return c, err
	}
	return c, &publish.ConflictError{Object: "container " + p.endpoint, Details: []string{"it was not made by deployfile"}}
}

func (p *Publisher) ours(c *container.InspectResponse) bool {
	return c.Config != nil && c.Config.Labels[serving.LabelEndpoint] == p.endpoint && c.Config.Labels[labelRevision] != ""
}

// create makes a container. It, and what else changes something, goes on if ctx
// ends: the engine would do it all the same, at a time that nobody knows.
func (p *Publisher) create(ctx context.Context, o engine.ContainerCreateOptions) (warnings []string, err error) {
	r, err := p.client.ContainerCreate(context.WithoutCancel(ctx), o)
	if err != nil {
		return nil, fmt.Errorf("create container %s: %w", o.Name, err)
	}
	return r.Warnings, nil
}

// remove is no error if there is no such container.
func (p *Publisher) remove(ctx context.Context, name string) error {
	_, err := p.client.ContainerRemove(context.WithoutCancel(ctx), name, engine.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("remove container %s: %w", name, err)
	}
	return nil
}

func (p *Publisher) start(ctx context.Context, name string) error {
	if _, err := p.client.ContainerStart(context.WithoutCancel(ctx), name, engine.ContainerStartOptions{}); err != nil {
		return fmt.Errorf("start container %s: %w", name, err)
	}
	return ctx.Err()
}

// stop lets the server end what it is about.
func (p *Publisher) stop(ctx context.Context, name string) error {
	seconds := int(serving.Grace.Seconds())
	if _, err := p.client.ContainerStop(context.WithoutCancel(ctx), name, engine.ContainerStopOptions{Timeout: &seconds}); err != nil {
		return fmt.Errorf("stop container %s: %w", name, err)
	}
	return ctx.Err()
}

func (p *Publisher) rename(ctx context.Context, name, to string) error {
	if _, err := p.client.ContainerRename(context.WithoutCancel(ctx), name, engine.ContainerRenameOptions{NewName: to}); err != nil {
		return fmt.Errorf("rename container %s to %s: %w", name, to, err)
	}
	return nil
}
