package docker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/serving"
	"github.com/moby/moby/api/types/container"
)

// deployment is what one Apply is about.
type deployment struct {
	*Publisher
	revision publish.Revision
	options  publish.ApplyOptions
	wanted   *manifests.Container
	// image is the id of the image, brought whether it is there for this.
	image   string
	brought bool
	// old is the id of the container that is to be replaced, "" for none;
	// oldName is the name that it keeps, oldNumber its revision, 0 if it is not
	// of this project.
	old, oldName string
	oldNumber    int
	oldRunning   bool
	oldRestart   container.RestartPolicy
	// oldPort is the port of the machine that it listens at.
	oldPort int
}

// Apply implements publish.Publisher. Where the new container can have its port
// while the old one serves, no request is lost; where both need the same, none
// is answered from when the old one has stopped until the new one, which has
// shown that it can serve, has started. With NoWait there is no such proof, and
// nobody to start the old one again.
func (p *Publisher) Apply(ctx context.Context, r publish.Revision, o publish.ApplyOptions) error {
	wanted, o, err := serving.Begin(p.endpoint, r, o)
	if err != nil {
		return err
	}
	if err := p.reach.check(wanted); err != nil {
		return err
	}
	d := &deployment{Publisher: p, revision: r, options: o, wanted: wanted}
	return d.run(ctx)
}

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
		return d.failed(ctx, err)
	}
	claimed := false
	defer func() {
		if err == nil {
			return
		}
		if given := serving.GivenUp(ctx, d.endpoint, d.revision.Number); given != nil {
			err = given
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), serving.CleanUpLimit)
		defer cancel()
		if claimed {
			err = errors.Join(err, d.undo(ctx))
		}
		if d.brought {
			err = errors.Join(err, d.giveUpImage(ctx, d.image, d.wanted.Image))
		}
	}()
	if err := d.claim(ctx); err != nil {
		return err
	}
	claimed = true
	// What was there may have changed until the claim.
	if err := d.findOld(ctx); err != nil {
		return err
	}
	if err := d.checkNumber(ctx); err != nil {
		return err
	}
	if err := d.replace(ctx); err != nil {
		return d.failed(ctx, err)
	}
	return d.settle(ctx)
}

// findOld finds out what is to be replaced.
func (d *deployment) findOld(ctx context.Context) error {
	c, err := d.current(ctx)
	var foreign *publish.ConflictError
	if err != nil && (!errors.As(err, &foreign) || !d.options.ForceConflicts) {
		return err
	}
	d.old, d.oldName, d.oldNumber, d.oldRunning, d.oldPort = "", "", 0, false, 0
	if c == nil {
		return nil
	}
	d.old = c.ID
	d.oldRunning = c.State.Running || c.State.Restarting
	d.oldRestart = c.HostConfig.RestartPolicy
	if foreign != nil {
		d.oldName = d.endpoint + "-replaced-" + c.ID[:12]
		d.oldPort = serving.Outside(d.wanted)
		return nil
	}
	kept, err := d.kept(ctx)
	if err != nil {
		return err
	}
	for _, k := range kept {
		if k.id != c.ID {
			continue
		}
		d.oldNumber = k.revision.Number
		d.oldName = serving.Numbered(d.endpoint, d.oldNumber)
		if was, err := manifests.ParseContainer(k.revision.Documents); err == nil {
			d.oldPort = serving.Outside(was)
		}
	}
	return nil
}

// checkNumber refuses a revision that was made without knowledge of what
// another deployment has left meanwhile.
func (d *deployment) checkNumber(ctx context.Context) error {
	kept, err := d.kept(ctx)
	if err != nil || len(kept) == 0 {
		return err
	}
	if newest := kept[0].revision; newest.Number >= d.revision.Number {
		return &publish.BusyError{Endpoint: d.endpoint, By: newest.By, Since: newest.At}
	}
	return nil
}

// url is where the container is reached when it has taken its place.
func (p *Publisher) url(c *manifests.Container) string {
	if c.Publish == nil {
		return p.reach.url("", c.Port)
	}
	return p.reach.url(c.Publish.Address, c.Publish.Port)
}

// replace brings the new container to its port, and out of the way what was
// there.
func (d *deployment) replace(ctx context.Context) error {
	conflict := d.oldRunning && d.oldPort == serving.Outside(d.wanted)
	if conflict {
		if !d.options.NoWait {
			if err := d.tryOut(ctx); err != nil {
				return err
			}
		}
		d.options.Progress(fmt.Sprintf("stopping %s", d.previous()))
		if err := d.stop(ctx, d.old); err != nil {
			return err
		}
	}
	if d.wanted.Publish == nil && d.reach.local {
		if err := serving.CheckPort(ctx, d.wanted.Port); err != nil {
			return err
		}
	}
	d.options.Progress(fmt.Sprintf("starting revision %d", d.revision.Number))
	if err := d.start(ctx, d.nextName()); err != nil {
		return err
	}
	if !d.options.NoWait {
		if err := d.wait(ctx, d.nextName(), d.url(d.wanted)); err != nil {
			return err
		}
	}
	if d.oldRunning && !conflict {
		d.options.Progress(fmt.Sprintf("stopping %s", d.previous()))
		if err := d.stop(ctx, d.old); err != nil {
			return err
		}
	}
	return nil
}

func (d *deployment) previous() string {
	if d.oldNumber == 0 {
		return "the container " + d.endpoint + " that was there"
	}
	return fmt.Sprintf("revision %d", d.oldNumber)
}

// wait waits until the container serves at url.
func (d *deployment) wait(ctx context.Context, name, url string) error {
	d.options.Progress(fmt.Sprintf("waiting until %s serves", name))
	return d.probe.Wait(ctx, url, d.options.Timeout, func(ctx context.Context) error {
		c, err := d.inspect(ctx, name)
		if err != nil {
			return err
		}
		return ended(c)
	})
}

// settle gives the containers the names that say what they are. The new one
// serves, so that this is not undone if ctx ends.
func (d *deployment) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), serving.CleanUpLimit)
	defer cancel()
	if d.old != "" {
		if err := d.retire(ctx); err != nil {
			return err
		}
	}
	if err := d.restart(ctx, d.nextName(), restartPolicy(d.wanted)); err != nil {
		return err
	}
	if err := d.rename(ctx, d.nextName(), d.endpoint); err != nil {
		return err
	}
	// From here on the revision is what is deployed, whatever cannot be
	// cleaned up.
	if err := d.forget(ctx, serving.KeepRevisions); err != nil {
		d.options.Progress(err.Error())
	}
	return nil
}

// failed makes of what went wrong what the caller is told.
func (d *deployment) failed(ctx context.Context, cause error) error {
	out := &publish.NotReadyError{Endpoint: d.endpoint, Reason: cause.Error()}
	if d.oldRunning {
		out.Restored = d.oldNumber
	}
	var t *trialError
	switch {
	case errors.As(cause, &t):
		out.Log = t.log
	case d.image != "":
		out.Log = d.lastLines(ctx, d.nextName())
	}
	return out
}

// undo leaves what was there before.
func (d *deployment) undo(ctx context.Context) error {
	err := errors.Join(d.remove(ctx, d.trialName()), d.remove(ctx, d.nextName()))
	if d.old != "" {
		err = errors.Join(err, d.unretire(ctx))
		if d.oldRunning {
			// It is no error that it runs already.
			err = errors.Join(err, d.start(ctx, d.old))
		}
	}
	if err != nil {
		return fmt.Errorf("leave %s as it was: %w", d.endpoint, err)
	}
	return nil
}

// age is how long ago, by the engine's own clock, something was made there.
func (p *Publisher) age(ctx context.Context, created string) (time.Duration, error) {
	at, err := time.Parse(time.RFC3339Nano, created)
	if err != nil {
		return 0, err
	}
	now, err := p.now(ctx)
	return now.Sub(at), err
}
