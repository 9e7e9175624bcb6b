package containerd

import (
	"context"
	"errors"
	"fmt"

	client "github.com/containerd/containerd/v2/client"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/serving"
)

// deployment is what one Apply is about.
type deployment struct {
	*Publisher
	revision publish.Revision
	options  publish.ApplyOptions
	wanted   *manifests.Container
	image    client.Image
	// brought says that the image is there for this.
	brought bool
	// next is the container that is to serve, nil before it is made; old the
	// one that is to be replaced, nil if there is none.
	next, old  *record
	oldRunning bool
	// log is that of the trial that failed.
	log []string
}

// Apply implements publish.Publisher. On the machine's own network, where old
// and new need the same port, no request is answered from when the old one has
// stopped until the new one, which has shown that it can serve, has started.
// With NoWait there is no such proof, and nobody to start the old one again.
func (p *Publisher) Apply(ctx context.Context, r publish.Revision, o publish.ApplyOptions) error {
	wanted, o, err := serving.Begin(p.endpoint, r, o)
	if err != nil {
		return err
	}
	if wanted.Network != manifests.HostNetwork && wanted.Network != cniNetwork {
		return fmt.Errorf("network %q: it must be %q or %q", wanted.Network, manifests.HostNetwork, cniNetwork)
	}
	d := &deployment{Publisher: p, revision: r, options: o, wanted: wanted}
	return d.run(ctx)
}

// cniNetwork is the network of a target that asks for one.
const cniNetwork = "cni"

func (d *deployment) run(ctx context.Context) (err error) {
	// Before the image is pulled, which may take long.
	if err := d.takeOver(ctx, ""); err != nil {
		return err
	}
	if err := d.findOld(ctx); err != nil {
		return err
	}
	if d.image, d.brought, err = d.ensureImage(ctx, d.wanted.Image, d.options.Progress); err != nil {
		if given := serving.GivenUp(ctx, d.endpoint, d.revision.Number); given != nil {
			return given
		}
		return d.failed(err)
	}
	defer func() {
		if err == nil {
			return
		}
		if given := serving.GivenUp(ctx, d.endpoint, d.revision.Number); given != nil {
			err = given
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), serving.CleanUpLimit)
		defer cancel()
		err = errors.Join(err, d.undo(ctx))
	}()
	if err := d.claim(ctx); err != nil {
		return err
	}
	// What was there may have changed until the claim.
	if err := d.findOld(ctx); err != nil {
		return err
	}
	if d.old != nil && d.old.revision.Number >= d.revision.Number {
		return &publish.BusyError{Endpoint: d.endpoint, By: d.old.revision.By, Since: d.old.revision.At}
	}
	if err := d.replace(ctx); err != nil {
		return d.failed(err)
	}
	return d.settle(ctx)
}

// findOld finds out what is to be replaced.
func (d *deployment) findOld(ctx context.Context) error {
	deployed, err := d.deployed(ctx)
	if err != nil || len(deployed) == 0 {
		return err
	}
	d.old = &deployed[0]
	d.oldRunning, err = d.running(ctx, d.old)
	return err
}

// replace brings the new server to its port.
func (d *deployment) replace(ctx context.Context) error {
	host := d.wanted.Network == manifests.HostNetwork
	if conflict := host && d.oldRunning && serving.Outside(d.old.wanted) == serving.Outside(d.wanted); conflict {
		if !d.options.NoWait {
			if err := d.tryOut(ctx); err != nil {
				return err
			}
		}
		if err := d.stopOld(ctx); err != nil {
			return err
		}
	}
	if host {
		if err := serving.CheckPort(ctx, d.wanted.Port); err != nil {
			return err
		}
	}
	d.options.Progress(fmt.Sprintf("starting revision %d", d.revision.Number))
	if err := d.start(ctx, d.next); err != nil {
		return err
	}
	if d.options.NoWait {
		return nil
	}
	at := url(d.wanted)
	if address := d.next.info.Labels[labelAddress]; address != "" {
		// The port may still be the old one's.
		at = fmt.Sprintf("http://%s:%d", address, d.wanted.Port)
	}
	return d.wait(ctx, d.next, at)
}

func (d *deployment) sayStop() {
	d.options.Progress(fmt.Sprintf("stopping revision %d", d.old.revision.Number))
}

// stopOld stops the server that is replaced in a way that whoever takes over
// from here knows that it is to serve.
func (d *deployment) stopOld(ctx context.Context) error {
	d.sayStop()
	if err := d.label(ctx, d.next, labelPhase, phaseSwapping); err != nil {
		return err
	}
	if err := d.unwatch(ctx, d.old); err != nil {
		return err
	}
	return d.stop(ctx, d.old)
}

func (d *deployment) wait(ctx context.Context, r *record, url string) error {
	d.options.Progress(fmt.Sprintf("waiting until %s serves", r.ID()))
	err := d.probe.Wait(ctx, url, d.options.Timeout, func(ctx context.Context) error { return d.ended(ctx, r) })
	if err != nil && d.ended(context.WithoutCancel(ctx), r) != nil {
		// Only then all that it printed is in its log.
		return errors.Join(err, d.stop(context.WithoutCancel(ctx), r))
	}
	return err
}

// tryOut lets a container with the settings of the new one serve at another
// port, beside the one that serves.
func (d *deployment) tryOut(ctx context.Context) error {
	c := *d.wanted
	if err := serving.MoveAway(&c); err != nil {
		return err
	}
	d.options.Progress(fmt.Sprintf("trying revision %d at another port", d.revision.Number))
	r, err := d.create(ctx, d.trialName(), &c, d.image, map[string]string{}, nil)
	if err != nil {
		return err
	}
	if err = d.start(ctx, r); err == nil {
		err = d.wait(ctx, r, url(&c))
	}
	if err != nil {
		d.log = d.lastLines(r.ID())
		return errors.Join(err, d.remove(ctx, r))
	}
	return d.remove(ctx, r)
}

// settle records that the revision serves. That is not undone if ctx ends.
func (d *deployment) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), serving.CleanUpLimit)
	defer cancel()
	if err := d.label(ctx, d.next, labelPhase, phaseDeployed); err != nil {
		return err
	}
	// From here on the revision is what is deployed, whatever cannot be
	// cleaned up.
	err := d.watch(ctx, d.next)
	if d.old != nil {
		err = errors.Join(err, d.retire(ctx))
	}
	err = errors.Join(err, d.forget(ctx))
	if err != nil {
		d.options.Progress(err.Error())
	}
	return nil
}

// retire ends what is replaced, if it still runs.
func (d *deployment) retire(ctx context.Context) error {
	running, err := d.running(ctx, d.old)
	if err != nil {
		return err
	}
	if running {
		d.sayStop()
	}
	if err := d.unwatch(ctx, d.old); err != nil {
		return err
	}
	if d.old.info.Labels[labelNetwork] != "" {
		if err := d.network.closePort(ctx, d.old); err != nil {
			return err
		}
	}
	if err := d.stop(ctx, d.old); err != nil {
		return err
	}
	return d.network.detach(ctx, d.old)
}

// failed makes of what went wrong what the caller is told.
func (d *deployment) failed(cause error) error {
	out := &publish.NotReadyError{Endpoint: d.endpoint, Reason: cause.Error(), Log: d.log}
	if d.oldRunning {
		out.Restored = d.old.revision.Number
	}
	if d.next != nil && out.Log == nil {
		out.Log = d.lastLines(d.next.ID())
	}
	return out
}

// undo leaves what was there before.
func (d *deployment) undo(ctx context.Context) error {
	var err error
	if d.next != nil {
		err = errors.Join(d.removeNamed(ctx, d.trialName()), d.remove(ctx, d.next))
		if d.oldRunning {
			err = errors.Join(err, d.start(ctx, d.old), d.watch(ctx, d.old))
		}
	}
	if d.brought {
		err = errors.Join(err, d.giveUpImage(ctx, d.wanted.Image))
	}
	if err != nil {
		return fmt.Errorf("leave %s as it was: %w", d.endpoint, err)
	}
	return nil
}
