package containerd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	client "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/cio"
	"github.com/containerd/errdefs"
	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/serving"
)

// The labels of a container's record that say more than all have.
const (
	// labelPhase says how far the deployment has come.
	labelPhase = imagespec.LabelPrefix + "phase"
	// labelNetwork is the network namespace of one on a CNI network,
	// labelAddress its IP address there.
	labelNetwork = imagespec.LabelPrefix + "network"
	labelAddress = imagespec.LabelPrefix + "address"
)

// The phases of a deployment.
const (
	phaseApplying = "applying"
	// phaseSwapping is when the old server may be stopped.
	phaseSwapping = "swapping"
	phaseDeployed = "deployed"
)

// extension is the name and the type of the revision in a container's record:
// labels have no room for it.
const extension = imagespec.LabelPrefix + "revision"

// record is a container of the endpoint.
type record struct {
	client.Container
	info containers.Container
	// revision is that of a container that is none of a trial.
	revision publish.Revision
	wanted   *manifests.Container
}

func (r *record) phase() string { return r.info.Labels[labelPhase] }

// all lists the endpoint's containers, newest revision first.
func (p *Publisher) all(ctx context.Context) ([]record, error) {
	list, err := p.client.Containers(p.in(ctx), fmt.Sprintf("labels.%q==%q", serving.LabelEndpoint, p.endpoint))
	if err != nil {
		return nil, fmt.Errorf("list the containers of %s: %w", p.endpoint, err)
	}
	var out []record
	for _, c := range list {
		r, err := p.read(ctx, c)
		if errdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b record) int { return b.revision.Number - a.revision.Number })
	return out, nil
}

// read reads what is recorded with a container.
func (p *Publisher) read(ctx context.Context, c client.Container) (*record, error) {
	info, err := c.Info(p.in(ctx))
	if err != nil {
		return nil, fmt.Errorf("container %s: %w", c.ID(), err)
	}
	r := &record{Container: c, info: info}
	body, ok := info.Extensions[extension]
	if !ok {
		return r, nil
	}
	if r.revision, err = serving.ParseRevision(body.GetValue()); err != nil {
		return nil, fmt.Errorf("container %s: %w", c.ID(), err)
	}
	if r.wanted, err = manifests.ParseContainer(r.revision.Documents); err != nil {
		return nil, fmt.Errorf("container %s: %w", c.ID(), err)
	}
	return r, nil
}

// deployed lists the revisions that served, newest first.
func (p *Publisher) deployed(ctx context.Context) ([]record, error) {
	all, err := p.all(ctx)
	return slices.DeleteFunc(all, func(r record) bool { return r.phase() != phaseDeployed }), err
}

// load returns nil if there is no such container.
func (p *Publisher) load(ctx context.Context, id string) (*record, error) {
	c, err := p.client.LoadContainer(p.in(ctx), id)
	if err == nil {
		var r *record
		if r, err = p.read(ctx, c); err == nil {
			return r, nil
		}
	}
	if errdefs.IsNotFound(err) {
		return nil, nil
	}
	return nil, fmt.Errorf("container %s: %w", id, err)
}

// status is that of a container's server; ok is false if there is none.
func (p *Publisher) status(ctx context.Context, c client.Container) (s client.Status, ok bool, err error) {
	task, err := c.Task(p.in(ctx), nil)
	if err == nil {
		if s, err = task.Status(p.in(ctx)); err == nil {
			return s, true, nil
		}
	}
	if errdefs.IsNotFound(err) {
		return s, false, nil
	}
	return s, false, fmt.Errorf("container %s: %w", c.ID(), err)
}

func (p *Publisher) running(ctx context.Context, c client.Container) (bool, error) {
	s, ok, err := p.status(ctx, c)
	return ok && s.Status == client.Running, err
}

// ended says that a container's server runs no more.
func (p *Publisher) ended(ctx context.Context, c client.Container) error {
	s, ok, err := p.status(ctx, c)
	switch {
	case err != nil:
		return err
	case !ok:
		return errors.New("the server is gone")
	case s.Status == client.Stopped:
		return fmt.Errorf("the server ended with exit code %d%s", s.ExitStatus, explain(s.ExitStatus))
	}
	return nil
}

// explain says what an exit code usually means.
func explain(code uint32) string {
	if code == 128+uint32(syscall.SIGKILL) {
		return " (it was killed, perhaps for using more memory than it may)"
	}
	return ""
}

// start starts a container's server, unless it runs. It, and what else changes
// something, goes on if ctx ends, so that nothing is left half done.
func (p *Publisher) start(asked context.Context, c client.Container) error {
	ctx := p.in(context.WithoutCancel(asked))
	if running, err := p.running(ctx, c); err != nil || running {
		return err
	}
	if err := p.stop(ctx, c); err != nil {
		return err
	}
	log := p.logFile(c.ID())
	if err := os.MkdirAll(filepath.Dir(log), 0o700); err != nil {
		return err
	}
	task, err := c.NewTask(ctx, cio.LogFile(log))
	if err != nil {
		return fmt.Errorf("start container %s: %w", c.ID(), err)
	}
	if err := task.Start(ctx); err != nil {
		_, undone := task.Delete(ctx, client.WithProcessKill)
		return errors.Join(fmt.Errorf("start container %s: %w", c.ID(), err), undone)
	}
	return asked.Err()
}

// stop lets the server end what it is about, and sees to it that it does.
func (p *Publisher) stop(asked context.Context, c client.Container) error {
	ctx := p.in(context.WithoutCancel(asked))
	fail := func(err error) error {
		if errdefs.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("stop container %s: %w", c.ID(), err)
	}
	task, err := c.Task(ctx, nil)
	if err != nil {
		return fail(err)
	}
	if s, err := task.Status(ctx); err != nil {
		return fail(err)
	} else if s.Status == client.Running {
		exited, err := task.Wait(ctx)
		if err != nil {
			return fail(err)
		}
		signal, err := client.GetStopSignal(ctx, c, syscall.SIGTERM)
		if err != nil {
			return fail(err)
		}
		if err := task.Kill(ctx, signal); err != nil {
			return fail(err)
		}
		select {
		case <-exited:
		case <-time.After(serving.Grace):
		}
	}
	if _, err := task.Delete(ctx, client.WithProcessKill); err != nil {
		return fail(err)
	}
	return asked.Err()
}

// remove removes a container and all that it has. Its server is not asked.
func (p *Publisher) remove(ctx context.Context, r *record) error {
	ctx = p.in(context.WithoutCancel(ctx))
	fail := func(err error) error { return fmt.Errorf("remove container %s: %w", r.ID(), err) }
	if task, err := r.Task(ctx, nil); err == nil {
		if _, err := task.Delete(ctx, client.WithProcessKill); err != nil && !errdefs.IsNotFound(err) {
			return fail(err)
		}
	} else if !errdefs.IsNotFound(err) {
		return fail(err)
	}
	if err := p.network.detach(ctx, r); err != nil {
		return fail(err)
	}
	if err := r.Delete(ctx, client.WithSnapshotCleanup); err != nil && !errdefs.IsNotFound(err) {
		return fail(err)
	}
	if err := p.removeLog(r.ID()); err != nil {
		return fail(err)
	}
	return nil
}

// removeNamed is remove, if there is such a container.
func (p *Publisher) removeNamed(ctx context.Context, id string) error {
	r, err := p.load(context.WithoutCancel(ctx), id)
	if err != nil || r == nil {
		return err
	}
	return p.remove(ctx, r)
}
