package docker

import (
	"context"
	"errors"
	"fmt"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/serving"
	"github.com/moby/moby/api/types/container"
)

// Revisions implements publish.Publisher.
func (p *Publisher) Revisions(ctx context.Context) ([]publish.Revision, error) {
	kept, err := p.kept(ctx)
	if err != nil {
		return nil, err
	}
	var out []publish.Revision
	for _, k := range kept {
		out = append(out, k.revision)
	}
	return out, nil
}

// Diff implements publish.Publisher: it compares with what the newest revision
// was rendered to, and says if its container does not run. Settings of a
// container cannot be changed but by making it again, so nothing else can differ.
func (p *Publisher) Diff(ctx context.Context, documents []manifests.Document) ([]publish.Change, error) {
	kept, err := p.kept(ctx)
	if err != nil {
		return nil, err
	}
	var newest *publish.Revision
	trouble := ""
	if len(kept) > 0 {
		newest = &kept[0].revision
		switch {
		case kept[0].name != p.endpoint:
			trouble = "removed"
		case !kept[0].running:
			trouble = "stopped"
		}
	}
	changes, err := serving.Compare(newest, trouble, documents)
	if err != nil || len(changes) == 0 {
		return changes, err
	}
	var foreign *publish.ConflictError
	if _, err := p.current(ctx); errors.As(err, &foreign) {
		changes[0].Conflicts = foreign.Details
	} else if err != nil {
		return nil, err
	}
	return changes, nil
}

// Status implements publish.Publisher.
func (p *Publisher) Status(ctx context.Context) (*publish.Status, error) {
	kept, err := p.kept(ctx)
	if err != nil {
		return nil, err
	}
	out := &publish.Status{}
	if len(kept) > 0 {
		out.Revision = &kept[0].revision
	}
	_, busy, stale, err := p.underWay(ctx)
	if err != nil {
		return nil, err
	}
	if busy != nil && !stale {
		out.Message = busy.Error()
	}
	current, err := p.current(ctx)
	if err != nil {
		return nil, err
	}
	if current == nil {
		if len(kept) > 0 && out.Message == "" {
			out.Message = fmt.Sprintf("container %s is gone", p.endpoint)
		}
		return out, nil
	}
	c, err := p.documentOf(kept, current)
	if err != nil {
		return nil, err
	}
	out.URL = p.url(c)
	i := publish.Instance{Name: p.endpoint, Image: current.Config.Image, Restarts: current.RestartCount}
	switch s := current.State; {
	case s.Running && !s.Restarting:
		if err := p.probe.Serves(ctx, out.URL); err != nil {
			i.Message = err.Error()
		}
	case s.Status == container.StateExited:
		i.Message = fmt.Sprintf("it ended with exit code %d", s.ExitCode)
	default:
		i.Message = string(s.Status)
	}
	i.Ready = i.Message == ""
	out.Ready = i.Ready
	if out.Message == "" {
		out.Message = i.Message
	}
	if p.reach.dial != nil {
		// That URL is for the engine's machine.
		out.URL = ""
	}
	out.Instances = []publish.Instance{i}
	return out, nil
}

// documentOf is what the container that serves was rendered to.
func (p *Publisher) documentOf(kept []keptContainer, current *container.InspectResponse) (*manifests.Container, error) {
	for _, k := range kept {
		if k.id == current.ID {
			return manifests.ParseContainer(k.revision.Documents)
		}
	}
	return nil, &publish.NothingError{Endpoint: p.endpoint}
}
