package containerd

import (
	"context"
	"fmt"
	"strconv"

	client "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/runtime/restart"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/serving"
)

// Revisions implements publish.Publisher.
func (p *Publisher) Revisions(ctx context.Context) ([]publish.Revision, error) {
	deployed, err := p.deployed(ctx)
	if err != nil {
		return nil, err
	}
	var out []publish.Revision
	for _, r := range deployed {
		out = append(out, r.revision)
	}
	return out, nil
}

// Diff implements publish.Publisher: it compares with what the newest revision
// was rendered to, and says if its server does not run.
func (p *Publisher) Diff(ctx context.Context, documents []manifests.Document) ([]publish.Change, error) {
	deployed, err := p.deployed(ctx)
	if err != nil {
		return nil, err
	}
	if len(deployed) == 0 {
		return serving.Compare(nil, "", documents)
	}
	running, err := p.running(ctx, &deployed[0])
	if err != nil {
		return nil, err
	}
	trouble := ""
	if !running {
		trouble = "stopped"
	}
	return serving.Compare(&deployed[0].revision, trouble, documents)
}

// Status implements publish.Publisher.
func (p *Publisher) Status(ctx context.Context) (*publish.Status, error) {
	deployed, err := p.deployed(ctx)
	if err != nil {
		return nil, err
	}
	out := &publish.Status{}
	_, busy, stale, err := p.underWay(ctx)
	if err != nil {
		return nil, err
	}
	if busy != nil && !stale {
		out.Message = busy.Error()
	}
	if len(deployed) == 0 {
		return out, nil
	}
	newest := &deployed[0]
	out.Revision, out.URL = &newest.revision, url(newest.wanted)
	i := publish.Instance{Name: newest.ID(), Image: newest.info.Image}
	// The monitor begins to count at the first restart.
	i.Restarts, _ = strconv.Atoi(newest.info.Labels[restart.CountLabel])
	s, ok, err := p.status(ctx, newest)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		i.Message = "stopped"
	case s.Status == client.Stopped:
		i.Message = fmt.Sprintf("it ended with exit code %d%s", s.ExitStatus, explain(s.ExitStatus))
	case s.Status != client.Running:
		i.Message = string(s.Status)
	default:
		if err := p.probe.Serves(ctx, out.URL); err != nil {
			i.Message = err.Error()
		}
	}
	i.Ready = i.Message == ""
	out.Ready = i.Ready
	if out.Message == "" {
		out.Message = i.Message
	}
	out.Instances = []publish.Instance{i}
	return out, nil
}

// Open implements publish.Opener.
func (p *Publisher) Open(ctx context.Context) (*publish.Endpoint, error) {
	deployed, err := p.deployed(ctx)
	if err != nil {
		return nil, err
	}
	if len(deployed) == 0 {
		return nil, &publish.NothingError{Endpoint: p.endpoint}
	}
	return &publish.Endpoint{URL: url(deployed[0].wanted), Close: func() error { return nil }}, nil
}
