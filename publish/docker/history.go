package docker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/serving"
	"github.com/moby/moby/api/types/container"
	engine "github.com/moby/moby/client"
)

// retire puts the container that has served among those that are kept. An
// engine that starts must not start it.
func (d *deployment) retire(ctx context.Context) error {
	if err := d.rename(ctx, d.old, d.oldName); err != nil {
		return err
	}
	return d.restart(ctx, d.old, container.RestartPolicy{Name: container.RestartPolicyDisabled})
}

// restart sets when the engine starts a container by itself.
func (p *Publisher) restart(ctx context.Context, id string, policy container.RestartPolicy) error {
	if _, err := p.client.ContainerUpdate(context.WithoutCancel(ctx), id, engine.ContainerUpdateOptions{RestartPolicy: &policy}); err != nil {
		return fmt.Errorf("restart policy of container %s: %w", id, err)
	}
	return nil
}

// unretire is the opposite of retire, as far as that had come.
func (d *deployment) unretire(ctx context.Context) error {
	c, err := d.inspect(ctx, d.old)
	if err != nil || c == nil {
		return err
	}
	if strings.TrimPrefix(c.Name, "/") == d.endpoint {
		return nil
	}
	if err := d.restart(ctx, d.old, d.oldRestart); err != nil {
		return err
	}
	return d.rename(ctx, d.old, d.endpoint)
}

// forget removes all but the newest n of the revisions that are kept, and the
// images that only they needed.
func (p *Publisher) forget(ctx context.Context, n int) error {
	kept, err := p.kept(ctx)
	if err != nil {
		return err
	}
	kept = slices.DeleteFunc(kept, func(k keptContainer) bool { return k.name == p.endpoint })
	for _, k := range kept[min(n, len(kept)):] {
		err = errors.Join(err, p.drop(ctx, k))
	}
	return err
}

// drop removes a revision's container, and the image if nothing else needs it.
func (p *Publisher) drop(ctx context.Context, k keptContainer) error {
	if err := p.remove(ctx, k.id); err != nil {
		return err
	}
	if k.labels[serving.LabelBrought] == "" {
		return nil
	}
	return p.giveUpImage(ctx, k.image, k.revision.State.Live.Image)
}

// Removals implements publish.Publisher.
func (p *Publisher) Removals(ctx context.Context) ([]publish.Change, error) {
	all, err := p.all(ctx)
	if err != nil {
		return nil, err
	}
	var containers, images []string
	for _, c := range all {
		containers = append(containers, nameOf(c))
		if c.Labels[serving.LabelBrought] != "" {
			images = append(images, c.ImageID)
		}
	}
	return serving.Removals(containers, images), nil
}

// Delete implements publish.Publisher: it removes the endpoint's containers and
// the images that were brought for them. While a deployment is under way it is a
// *publish.BusyError.
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
	for _, c := range all {
		if c.State == container.StateRunning {
			if err := p.stop(ctx, c.ID); err != nil {
				return err
			}
		}
		if err := p.remove(ctx, c.ID); err != nil {
			return err
		}
	}
	// An image goes when no container needs it.
	for _, c := range all {
		if c.Labels[serving.LabelBrought] != "" {
			err = errors.Join(err, p.giveUpImage(ctx, c.ImageID, c.Image))
		}
	}
	return err
}
