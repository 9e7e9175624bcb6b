package containerd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/containerd/containerd/v2/pkg/netns"
	"github.com/containerd/errdefs"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/serving"
)

// claim creates the container that is to serve. That its name is free says that
// no other deployment is under way; where one was begun and never ended, what
// it left is cleared away first.
func (d *deployment) claim(ctx context.Context) error {
	id := serving.Numbered(d.endpoint, d.revision.Number)
	deployed, err := d.deployed(ctx)
	if err != nil {
		return err
	}
	for _, r := range deployed {
		if r.info.Image == d.image.Name() && r.info.Labels[serving.LabelBrought] != "" {
			d.brought = true
		}
	}
	for again := true; ; again = false {
		if err := d.takeOver(ctx, d.wanted.Image); err != nil {
			return err
		}
		err := d.make(ctx, id)
		if err == nil {
			return ctx.Err()
		}
		if !errdefs.IsAlreadyExists(err) || !again {
			return d.failed(err)
		}
	}
}

// make makes the container that is to serve, with its place in the network.
func (d *deployment) make(ctx context.Context, id string) error {
	ctx = context.WithoutCancel(ctx)
	labels := recorded(d.revision, d.options.Timeout, d.brought)
	if d.wanted.Network != cniNetwork {
		r, err := d.create(ctx, id, d.wanted, d.image, labels, &d.revision)
		d.next = r
		return err
	}
	namespace, err := netns.NewNetNS(namespaceFolder)
	if err != nil {
		return fmt.Errorf("make a network namespace: %w", err)
	}
	labels[labelNetwork] = namespace.GetPath()
	if d.next, err = d.create(ctx, id, d.wanted, d.image, labels, &d.revision); err != nil {
		return errors.Join(err, namespace.Remove())
	}
	// Only now: the network knows containers by their names.
	address, err := d.network.attach(ctx, id, namespace.GetPath(), d.wanted)
	if err != nil {
		return err
	}
	return d.label(ctx, d.next, labelAddress, address)
}

// underWay is the container of a deployment that was begun and has not ended,
// nil if there is none. Stale says that whoever began it must have ended without
// a word.
func (p *Publisher) underWay(ctx context.Context) (next *record, busy *publish.BusyError, stale bool, err error) {
	all, err := p.all(ctx)
	if err != nil {
		return nil, nil, false, err
	}
	for _, r := range all {
		if r.phase() != phaseApplying && r.phase() != phaseSwapping {
			continue
		}
		limit, err := time.ParseDuration(r.info.Labels[serving.LabelLimit])
		if err != nil {
			limit = serving.DefaultTimeout
		}
		busy := &publish.BusyError{Endpoint: p.endpoint, By: r.info.Labels[serving.LabelBy], Since: r.info.CreatedAt}
		return &r, busy, serving.Stale(time.Since(r.info.CreatedAt), limit), nil
	}
	return nil, nil, false, nil
}

// takeOver ends a deployment that nobody goes on with, but leaves the image with
// the name keep. It is a *BusyError if somebody may go on.
func (p *Publisher) takeOver(ctx context.Context, keep string) error {
	next, busy, stale, err := p.underWay(ctx)
	switch {
	case err != nil || next == nil:
		return err
	case !stale:
		return busy
	}
	swapping := next.phase() == phaseSwapping
	end := p.drop
	if next.info.Image == keep {
		end = p.remove
	}
	if err := errors.Join(p.removeNamed(ctx, p.trialName()), end(ctx, next)); err != nil || !swapping {
		return err
	}
	deployed, err := p.deployed(ctx)
	if err != nil || len(deployed) == 0 {
		return err
	}
	return errors.Join(p.start(ctx, &deployed[0]), p.watch(ctx, &deployed[0]))
}

// forget removes the revisions that are too old to keep, and the images that
// only they needed.
func (p *Publisher) forget(ctx context.Context) error {
	deployed, err := p.deployed(ctx)
	if err != nil {
		return err
	}
	for _, r := range deployed[min(1+serving.KeepRevisions, len(deployed)):] {
		err = errors.Join(err, p.drop(ctx, &r))
	}
	return err
}

// drop removes a container, and the image if nothing else needs it.
func (p *Publisher) drop(ctx context.Context, r *record) error {
	if err := p.remove(ctx, r); err != nil || r.info.Labels[serving.LabelBrought] == "" {
		return err
	}
	return p.giveUpImage(ctx, r.info.Image)
}

// Removals implements publish.Publisher.
func (p *Publisher) Removals(ctx context.Context) ([]publish.Change, error) {
	all, err := p.all(ctx)
	if err != nil {
		return nil, err
	}
	var containers, images []string
	for _, r := range all {
		containers = append(containers, r.ID())
		if r.info.Labels[serving.LabelBrought] != "" {
			images = append(images, r.info.Image)
		}
	}
	return serving.Removals(containers, images), nil
}

// Delete implements publish.Publisher: it removes the endpoint's containers,
// their logs and the images that were brought for them. While a deployment is
// under way it is a *publish.BusyError.
func (p *Publisher) Delete(ctx context.Context) error {
	_, busy, stale, err := p.underWay(ctx)
	if err != nil {
		return err
	}
	if busy != nil && !stale {
		return busy
	}
	all, err := p.all(ctx)
	if err != nil {
		return err
	}
	for _, r := range all {
		if err := p.unwatch(ctx, &r); err != nil {
			return err
		}
		if err := p.stop(ctx, &r); err != nil {
			return err
		}
		if err := p.drop(ctx, &r); err != nil {
			return err
		}
	}
	return nil
}
