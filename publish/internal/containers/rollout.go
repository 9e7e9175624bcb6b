package containers

import (
	"context"
	"errors"
	"fmt"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// rollout is one rollout of a container.
type rollout struct {
	*Driver
	plan   *publish.Plan
	wanted *manifests.Container
	// brought reports whether the image was pulled for this rollout.
	brought bool
	// old is what is replaced, nil if nothing is: the previous revision, or an
	// unmanaged container by force.
	old        *publish.Record
	oldRunning bool
	// conflict reports whether it has the port, or the name, that the new one needs.
	conflict bool
	// shared reports whether it has the port of the machine beside the new one.
	shared bool
	// trial is the URL of the trial, "" without one; switched reports whether it is
	// over.
	trial    string
	switched bool
}

var (
	_ publish.Rollout   = (*rollout)(nil)
	_ publish.Witness   = (*rollout)(nil)
	_ publish.Discarder = (*rollout)(nil)
)

// Prepare implements publish.Driver: it pulls the image.
func (d *Driver) Prepare(ctx context.Context, p *publish.Plan) (publish.Rollout, error) {
	wanted, err := manifests.ParseContainer(p.Record.Documents)
	if err != nil {
		return nil, err
	}
	if wanted.Name != d.endpoint {
		return nil, fmt.Errorf("%s was rendered for another endpoint: %s", d.endpoint, wanted.Name)
	}
	if err := d.host.Check(wanted); err != nil {
		return nil, err
	}
	r := &rollout{Driver: d, plan: p, wanted: wanted}
	if err := r.look(ctx); err != nil {
		return nil, err
	}
	if r.brought, err = d.host.Bring(ctx, wanted.Image, p.Options.Progress); err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, &publish.NotReadyError{Reason: err.Error()}
	}
	for _, earlier := range p.Earlier {
		r.brought = r.brought || earlier.Facts[FactBrought] != "" && earlier.State.Live.Image == wanted.Image
	}
	if r.brought {
		p.Record.Facts = map[string]string{FactBrought: "true"}
	}
	return r, nil
}

// look finds what is to be replaced.
func (r *rollout) look(ctx context.Context) error {
	r.old, r.oldRunning, r.conflict, r.shared = r.plan.Previous, false, false, false
	unmanaged, err := r.host.Unmanaged(ctx)
	if err != nil {
		return err
	}
	port := Outside(r.wanted)
	switch {
	case unmanaged != nil && !r.plan.Options.ForceConflicts:
		return unmanaged.Conflict
	case unmanaged != nil:
		r.old, r.oldRunning = &publish.Record{Attempt: unmanaged.ID}, unmanaged.Running
	case r.old != nil:
		s, err := r.host.State(ctx, *r.old)
		if err != nil {
			return err
		}
		was, err := manifests.ParseContainer(r.old.Documents)
		if err != nil {
			return err
		}
		r.oldRunning, port = s != nil && s.Running, Outside(was)
	}
	r.conflict = unmanaged != nil || r.oldRunning && r.host.Exclusive(r.wanted) && port == Outside(r.wanted)
	r.shared = r.oldRunning && !r.conflict && port == Outside(r.wanted)
	r.plan.Stopped = unmanaged != nil || !r.oldRunning
	return nil
}

// Recover implements publish.Rollout.
func (r *rollout) Recover(ctx context.Context, left publish.Record) error {
	err := errors.Join(r.host.EndTrial(ctx, left), r.host.Remove(ctx, left))
	if err != nil {
		return err
	}
	if left.Facts[FactBrought] != "" && left.State.Live.Image != r.wanted.Image {
		err = r.host.RemoveImage(ctx, left.State.Live.Image)
	}
	if left.Phase != publish.Switching || r.plan.Previous == nil {
		return err
	}
	return errors.Join(err, r.host.Resume(ctx, *r.plan.Previous, true), r.look(ctx))
}

// Start implements publish.Rollout.
func (r *rollout) Start(ctx context.Context) error {
	// A rollout that died after it was committed may have left a container that it
	// should have stopped, which may still have the port.
	if err := r.retire(ctx, func(earlier publish.Record) bool { return earlier.Number != r.plan.Previous.Number }); err != nil {
		return err
	}
	if !r.conflict {
		return r.launch(ctx)
	}
	if r.plan.Options.NoWait {
		return nil
	}
	r.plan.Options.Progress(fmt.Sprintf("trying revision %d at another port", r.plan.Record.Number))
	url, err := r.host.Try(ctx, r.plan.Record, *r.wanted)
	if err != nil {
		return refused(ctx, err)
	}
	r.trial = url
	r.plan.Options.Progress("waiting until the trial is ready")
	return nil
}

// launch starts the container at its own port.
func (r *rollout) launch(ctx context.Context) error {
	if r.host.OnMachine(r.wanted) {
		if err := CheckPort(ctx, r.wanted.Port); err != nil {
			return refused(ctx, err)
		}
	}
	r.plan.Options.Progress(fmt.Sprintf("starting revision %d", r.plan.Record.Number))
	if err := r.host.Start(ctx, r.plan.Record); err != nil {
		return refused(ctx, err)
	}
	if !r.plan.Options.NoWait {
		r.plan.Options.Progress(fmt.Sprintf("waiting until revision %d is ready", r.plan.Record.Number))
	}
	return nil
}

// refused is an engine's reason for not starting a container.
func refused(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return &publish.UnreadyError{Reason: err.Error(), Cause: err}
}

// Ready implements publish.Rollout.
func (r *rollout) Ready(ctx context.Context) (publish.Readiness, error) {
	url, state := r.trial, r.host.TrialState
	if !r.onTrial() {
		var err error
		if url, err = r.host.At(ctx, r.plan.Record, r.wanted); err != nil {
			return publish.Readiness{}, err
		}
		state = r.host.State
	}
	reason := r.probe.Serves(ctx, url)
	// Even if there is an answer, which may be another program's.
	s, err := state(ctx, r.plan.Record)
	switch {
	case err != nil:
		return publish.Readiness{}, err
	case s == nil:
		return publish.Readiness{}, &publish.UnreadyError{Reason: "the container is gone"}
	case s.Ended != nil:
		return publish.Readiness{}, &publish.UnreadyError{Reason: s.Ended.Error()}
	case reason != nil:
		return publish.Readiness{Message: reason.Error(), Next: Pause}, nil
	}
	return publish.Readiness{Ready: true}, nil
}

func (r *rollout) onTrial() bool { return r.trial != "" && !r.switched }

// Switch implements publish.Rollout.
func (r *rollout) Switch(ctx context.Context) error {
	if !r.conflict {
		if !r.shared {
			return nil // it answers at another port until it is pruned
		}
		return r.host.ReleasePort(ctx, *r.old)
	}
	if err := r.host.EndTrial(ctx, r.plan.Record); err != nil {
		return err
	}
	r.switched = true
	r.sayStop(*r.old)
	if err := r.host.Stop(ctx, *r.old); err != nil {
		return refused(ctx, err)
	}
	return r.launch(ctx)
}

func (r *rollout) sayStop(old publish.Record) {
	what := fmt.Sprintf("revision %d", old.Number)
	if old.Number == 0 {
		what = "the container " + r.endpoint + " that was there"
	}
	r.plan.Options.Progress("stopping " + what)
}

// Revert implements publish.Rollout.
func (r *rollout) Revert(ctx context.Context) error {
	err := errors.Join(r.host.EndTrial(ctx, r.plan.Record), r.host.Remove(ctx, r.plan.Record))
	if r.old != nil {
		err = errors.Join(err, r.host.Resume(ctx, *r.old, r.oldRunning))
	}
	return err
}

// Prune implements publish.Rollout: it stops the previous container.
func (r *rollout) Prune(ctx context.Context) error {
	return r.retire(ctx, func(publish.Record) bool { return true })
}

// retire stops the containers of deployed revisions: those that run, and the previous
// one in any case.
func (r *rollout) retire(ctx context.Context, which func(publish.Record) bool) error {
	var failed []error
	for _, earlier := range r.plan.Earlier {
		if earlier.Phase != publish.Deployed || !which(earlier) {
			continue
		}
		s, err := r.host.State(ctx, earlier)
		if err == nil && s != nil && s.Running {
			r.sayStop(earlier)
		}
		if err == nil && s != nil && (s.Running || earlier.Number == r.plan.Previous.Number) {
			err = r.host.Stop(ctx, earlier)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// Evidence implements publish.Witness.
func (r *rollout) Evidence(ctx context.Context, _ error) (log, events []string) {
	return r.host.Log(ctx, r.plan.Record, r.onTrial()), nil
}

// Discard implements publish.Discarder.
func (r *rollout) Discard(ctx context.Context) error {
	if !r.brought {
		return nil
	}
	return r.host.RemoveImage(ctx, r.wanted.Image)
}
