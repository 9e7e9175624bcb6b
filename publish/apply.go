package publish

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"
)

// operation is one call of Engine.Apply.
type operation struct {
	*Engine
	plan    *Plan
	rollout Rollout
	lock    *lock
}

// Apply implements Publisher.
func (e *Engine) Apply(ctx context.Context, r Revision, o ApplyOptions) (Revision, error) {
	if o.Timeout <= 0 {
		o.Timeout = e.Limits().Ready
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	d := &operation{Engine: e, plan: &Plan{Record: Record{Revision: r, Phase: Applying, Attempt: rand.Text()}, Options: o}}
	err := d.run(ctx)
	return d.plan.Record.Revision, err
}

func (d *operation) run(ctx context.Context) error {
	if err := d.prepare(ctx); err != nil {
		return d.refused(ctx, err)
	}
	if err := d.claim(ctx); err != nil {
		return errors.Join(d.refused(ctx, err), d.discard(ctx))
	}
	defer d.lock.release() // also where it panics
	if err := d.carryOut(ctx); err != nil {
		return d.revert(ctx, err)
	}
	return d.finish(ctx)
}

// prepare checks that the endpoint is free and that the target would accept the
// revision.
func (d *operation) prepare(ctx context.Context) error {
	records, err := list(ctx, d.store)
	if err != nil {
		return err
	}
	if err := d.free(ctx, records, d.plan.Options.Progress); err != nil {
		return err
	}
	p := d.plan
	p.Earlier, p.Previous = records, NewestDeployed(records)
	if p.Previous != nil && p.Previous.Number >= p.Record.Number {
		// The revision follows from a state that is no longer the newest.
		return busy(d.endpoint, *p.Previous)
	}
	if len(records) > 0 {
		if last := records[0].Number; last >= MaxRevision {
			return &LastRevisionError{Endpoint: d.endpoint, Number: last}
		}
		p.Record.Number = max(p.Record.Number, records[0].Number+1)
	}
	p.Record.Number = max(p.Record.Number, 1)
	d.rollout, err = d.driver.Prepare(ctx, p)
	return err
}

// claim creates the record, provided that the revision it follows is still the newest.
func (d *operation) claim(ctx context.Context) error {
	now, _, err := d.now(ctx)
	if err != nil {
		return err
	}
	r := &d.plan.Record
	lasts := d.store.Lease()
	if lasts == 0 {
		lasts = 2*(stepLimit+d.plan.Options.Timeout) + d.Limits().Cleanup + slack
	}
	r.Deadline = now.Add(lasts).UTC().Truncate(time.Second)
	// If it were cancelled, it might create a record that nobody removes.
	fresh, cancel := d.afterwards(ctx)
	defer cancel()
	if err := d.created(fresh, d.store.Create(fresh, *r)); err != nil {
		return err
	}
	d.lock = d.hold(ctx, *r)
	records, err := list(fresh, d.store)
	if err == nil {
		err = d.unchanged(records)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		d.lock.release()
		return errors.Join(err, d.drop(fresh, *r))
	}
	return nil
}

// created returns nil if the record was created; err is Create's, whose answer may
// have been lost.
func (d *operation) created(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if !errors.Is(err, ErrExists) {
		// Create may have succeeded nevertheless.
		return errors.Join(err, d.store.Delete(ctx, d.plan.Record))
	}
	records, failed := list(ctx, d.store)
	if failed != nil {
		return failed
	}
	for _, r := range records {
		switch {
		case r.same(d.plan.Record):
			return nil
		case r.Number >= d.plan.Record.Number:
			return busy(d.endpoint, r)
		}
	}
	return &BusyError{Endpoint: d.endpoint, By: "someone else", Since: time.Now()}
}

// unchanged returns an error if the records have changed since before the claim.
func (d *operation) unchanged(records []Record) error {
	mine := d.plan.Record
	for _, r := range records {
		known := slices.ContainsFunc(d.plan.Earlier, r.same)
		if !r.same(mine) && (r.Number >= mine.Number || r.underWay() && !known) {
			return busy(d.endpoint, r)
		}
	}
	switch now, was := NewestDeployed(records), d.plan.Previous; {
	case now == nil && was == nil:
	case now == nil:
		return fmt.Errorf("revision %d of %s was deleted meanwhile: deploy again", was.Number, d.endpoint)
	case was == nil || !now.same(*was):
		return busy(d.endpoint, *now)
	}
	return nil
}

// carryOut starts the revision, routes requests to it and commits it.
func (d *operation) carryOut(ctx context.Context) error {
	p := d.plan
	for _, left := range p.Earlier {
		if left.Phase == Deployed {
			continue
		}
		err := d.rollout.Recover(ctx, left)
		if err == nil {
			err = d.drop(ctx, left)
		}
		if err != nil {
			// Prune tries again, and until then the record says so.
			p.Options.Progress(fmt.Sprintf("something of revision %d is left: %v", left.Number, err))
		}
	}
	if err := d.stage(ctx, d.rollout.Start, !p.Options.NoWait || p.MustWait); err != nil {
		return err
	}
	if err := d.lock.mine(ctx); err != nil {
		return err
	}
	if err := d.lock.reach(ctx, Switching); err != nil {
		return err
	}
	if err := d.stage(ctx, d.rollout.Switch, !p.Options.NoWait); err != nil {
		return err
	}
	if err := d.lock.mine(ctx); err != nil {
		return err
	}
	return d.lock.reach(ctx, Deployed)
}

// finish completes a committed rollout, which the end of ctx does not undo.
func (d *operation) finish(ctx context.Context) error {
	fresh, cancel := d.afterwards(ctx)
	defer cancel()
	defer d.unlock(fresh)
	if err := d.rollout.Prune(fresh); err != nil {
		return fmt.Errorf("revision %d of %s is deployed, but something of before is left, which the next deployment removes: %w", d.plan.Record.Number, d.endpoint, err)
	}
	for _, r := range slices.Backward(expired(d.plan.Earlier, d.plan.Record.Number)) {
		if err := d.store.Delete(fresh, r); err != nil {
			// If the target refuses one deletion, it refuses the others, too.
			d.plan.Options.Progress(fmt.Sprintf("the record of revision %d stays: %v", r.Number, err))
			break
		}
	}
	return nil
}

// unlock releases the lock of a rollout that has succeeded. If that fails, the lock
// expires.
func (d *operation) unlock(ctx context.Context) {
	d.lock.release()
	if d.store.Lease() > 0 {
		_ = d.lock.update(ctx, func(r *Record) { r.Deadline = time.Time{} })
	}
}

// revert restores what was there before, and returns the error to report for failure.
func (d *operation) revert(ctx context.Context, failure error) error {
	var lost *lostError
	if errors.As(failure, &lost) {
		// The endpoint is another rollout's now.
		return errors.Join(failure, d.discard(ctx))
	}
	fresh, cancel := d.afterwards(ctx)
	defer cancel()
	if err := d.lock.mine(fresh); errors.As(err, &lost) {
		return errors.Join(failure, err, d.discard(ctx))
	}
	failure = d.explain(fresh, ctx, failure)
	if d.plan.Previous != nil {
		d.plan.Options.Progress(fmt.Sprintf("bringing back revision %d", d.plan.Previous.Number))
	} else {
		d.plan.Options.Progress("removing what was started")
	}
	if err := d.rollout.Revert(fresh); err != nil {
		// The record stays, so that the next rollout removes what is left.
		_ = d.lock.reach(fresh, Failed)
		return errors.Join(fmt.Errorf("%w\nThis did not succeed: %w: deploy again, or delete the endpoint", failure, err), d.discard(ctx))
	}
	d.lock.release()
	return errors.Join(failure, d.drop(fresh, d.plan.Record), d.discard(ctx))
}

// drop removes the record of a rollout that has left nothing else. A record that the
// store cannot delete stays as failed.
func (d *operation) drop(ctx context.Context, r Record) error {
	err := d.store.Delete(ctx, r)
	if err == nil {
		return nil
	}
	r.Phase = Failed
	if d.store.Update(ctx, r) == nil {
		return nil
	}
	return err
}

// discard removes what Prepare has fetched.
func (d *operation) discard(ctx context.Context) error {
	r, ok := d.rollout.(Discarder)
	if !ok {
		return nil
	}
	fresh, cancel := d.afterwards(ctx)
	defer cancel()
	return r.Discard(fresh)
}

// restores returns the number of the revision that answers requests after a failure, or
// 0.
func (d *operation) restores() int {
	if d.plan.Previous == nil || d.plan.Stopped {
		return 0
	}
	return d.plan.Previous.Number
}

// refused returns the error for a failure before anything was changed.
func (d *operation) refused(ctx context.Context, err error) error {
	var unready *NotReadyError
	if errors.As(err, &unready) {
		unready.Endpoint, unready.Restored = d.endpoint, d.restores()
	}
	return d.interrupted(ctx, err, "nothing was changed")
}

// interrupted returns err or, if the caller cancelled, an error that says so.
func (d *operation) interrupted(ctx context.Context, err error, consequence string) error {
	if ctx.Err() == nil {
		return err
	}
	return fmt.Errorf("the deployment of %s was interrupted; %s: %w", d.endpoint, consequence, cmp.Or(context.Cause(ctx), ctx.Err()))
}

// afterwards returns a context for what must be done even if ctx has ended.
func (e *Engine) afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), e.Limits().Cleanup)
}
