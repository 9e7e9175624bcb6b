package docker

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/containerd/errdefs"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/serving"
	"github.com/moby/moby/api/types/container"
	engine "github.com/moby/moby/client"
)

// settleLimit is how long the engine may take from reserving a name until it
// shows the container.
const settleLimit = 10 * time.Second

// claim creates the container that is to serve. That its name is free says that
// no other deployment is under way; where one was begun and never ended, what
// it left is cleared away first.
func (d *deployment) claim(ctx context.Context) error {
	o, err := settings(d.wanted)
	if err != nil {
		return err
	}
	if !d.brought {
		if d.brought, err = d.wasBrought(ctx); err != nil {
			return err
		}
	}
	labels, err := recorded(d.revision, d.options.Timeout, d.brought)
	if err != nil {
		return err
	}
	maps.Copy(o.Config.Labels, labels)
	o.Name = d.nextName()
	for began := time.Now(); ; {
		warnings, err := d.create(ctx, o)
		switch {
		case err == nil:
			for _, w := range warnings {
				d.options.Progress(w)
			}
			return nil
		case !errdefs.IsConflict(err):
			return err
		case time.Since(began) > settleLimit:
			return &publish.BusyError{Endpoint: d.endpoint, By: "someone else", Since: began}
		}
		if err := d.takeOver(ctx, d.image); err != nil {
			return err
		}
		// The name may be taken and the container not there yet.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(serving.Pause):
		}
	}
}

// wasBrought says whether an earlier revision brought the image.
func (d *deployment) wasBrought(ctx context.Context) (bool, error) {
	kept, err := d.kept(ctx)
	if err != nil {
		return false, err
	}
	for _, k := range kept {
		if k.image == d.image && k.labels[serving.LabelBrought] != "" {
			return true, nil
		}
	}
	return false, nil
}

// underWay is the deployment that holds the claim, nil if none does. Stale says
// that whoever began it must have ended without a word.
func (p *Publisher) underWay(ctx context.Context) (next *container.InspectResponse, busy *publish.BusyError, stale bool, err error) {
	next, err = p.inspect(ctx, p.nextName())
	if err != nil || next == nil {
		return nil, nil, false, err
	}
	if !p.ours(next) {
		return nil, nil, false, &publish.ConflictError{Object: "container " + p.nextName(), Details: []string{"it was not made by deployfile"}}
	}
	since, err := time.Parse(time.RFC3339Nano, next.Created)
	if err != nil {
		return nil, nil, false, fmt.Errorf("container %s: %w", p.nextName(), err)
	}
	limit, err := time.ParseDuration(next.Config.Labels[serving.LabelLimit])
	if err != nil {
		limit = serving.DefaultTimeout
	}
	age, err := p.age(ctx, next.Created)
	if err != nil {
		return nil, nil, false, err
	}
	stale = serving.Stale(age, limit)
	return next, &publish.BusyError{Endpoint: p.endpoint, By: next.Config.Labels[serving.LabelBy], Since: since}, stale, nil
}

// takeOver ends a deployment that nobody goes on with, but leaves the image with
// the id keep. It is a *BusyError if somebody may go on.
func (p *Publisher) takeOver(ctx context.Context, keep string) error {
	next, busy, stale, err := p.underWay(ctx)
	switch {
	case err != nil || next == nil:
		return err
	case !stale:
		return busy
	}
	current, err := p.inspect(ctx, p.endpoint)
	if err != nil {
		return err
	}
	kept, err := p.kept(ctx)
	if err != nil {
		return err
	}
	if current == nil && len(kept) > 0 && next.State.Running {
		// It had shown that it serves, and only its name was left to do.
		return p.finish(ctx, next)
	}
	if err := p.remove(ctx, p.trialName()); err != nil {
		return err
	}
	if err := p.remove(ctx, next.ID); err != nil {
		return err
	}
	if next.Config.Labels[serving.LabelBrought] != "" && next.Image != keep {
		if err := p.giveUpImage(ctx, next.Image, next.Config.Image); err != nil {
			return err
		}
	}
	if current != nil && !current.State.Running && stoppedSince(current, next) {
		return p.start(ctx, current.ID)
	}
	return nil
}

// stoppedSince says whether a container ended after another was made: to make
// room for it.
func stoppedSince(c, made *container.InspectResponse) bool {
	ended, err := time.Parse(time.RFC3339Nano, c.State.FinishedAt)
	if err != nil {
		return false
	}
	created, err := time.Parse(time.RFC3339Nano, made.Created)
	return err == nil && ended.After(created)
}

// finish does what a deployment had left to do, whose container serves.
func (p *Publisher) finish(ctx context.Context, next *container.InspectResponse) error {
	r, err := serving.ParseRevision([]byte(next.Config.Labels[labelRevision]))
	if err != nil {
		return fmt.Errorf("container %s: %w", p.nextName(), err)
	}
	c, err := manifests.ParseContainer(r.Documents)
	if err != nil {
		return fmt.Errorf("container %s: %w", p.nextName(), err)
	}
	if err := p.restart(ctx, next.ID, restartPolicy(c)); err != nil {
		return err
	}
	return p.rename(ctx, next.ID, p.endpoint)
}

// now is the time that the engine's clock shows, so that clocks of the machines
// that deploy do not matter.
func (p *Publisher) now(ctx context.Context) (time.Time, error) {
	r, err := p.client.Info(ctx, engine.InfoOptions{})
	if err != nil {
		return time.Time{}, fmt.Errorf("the engine's clock: %w", err)
	}
	now, err := time.Parse(time.RFC3339Nano, r.Info.SystemTime)
	if err != nil {
		return time.Time{}, fmt.Errorf("the engine's clock: %w", err)
	}
	return now, nil
}
