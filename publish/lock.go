package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/deployfile/deployfile/publish/internal/wait"
)

// free returns a *BusyError while another rollout is under way. A rollout whose
// deadline has passed is abandoned. If the deadline was set by another machine's clock,
// the rollout must also have missed a renewal; so must one whose deadline is
// implausibly far away, or whoever writes records could lock the endpoint for ever.
func (e *Engine) free(ctx context.Context, records []Record, say func(string)) error {
	lease := e.store.Lease()
	for _, other := range records {
		if !other.underWay() {
			continue
		}
		now, shared, err := e.now(ctx)
		if err != nil {
			return err
		}
		far := farthestFixed
		if lease > 0 {
			far = lease + farthest
		}
		switch passed := !now.Before(other.Deadline); {
		case !passed && other.Deadline.Before(now.Add(far)):
			return busy(e.endpoint, other)
		case passed && shared || lease == 0:
			continue
		}
		say(fmt.Sprintf("making sure that the deployment of revision %d by %s was abandoned", other.Number, other.By))
		if err := wait.For(ctx, lease/2); err != nil {
			return err
		}
		again, err := list(ctx, e.store)
		if err != nil {
			return err
		}
		silent := func(r Record) bool {
			return r.same(other) && r.Phase == other.Phase && r.Deadline.Equal(other.Deadline)
		}
		if !slices.ContainsFunc(again, silent) {
			return busy(e.endpoint, other)
		}
	}
	return nil
}

// now returns the time to compare deadlines with, and whether all rollouts share its
// clock.
func (e *Engine) now(ctx context.Context) (t time.Time, shared bool, err error) {
	if c, ok := e.store.(Clock); ok {
		t, err = c.Now(ctx)
		return t, true, err
	}
	return time.Now(), false, nil
}

// lock is the endpoint, locked by a record.
type lock struct {
	*Engine
	// own identifies the record; record is its present state, guarded by mu.
	own     Record
	stop    func()
	renewed sync.WaitGroup

	mu     sync.Mutex
	record Record
}

// hold renews the deadline of a record until release is called, even if ctx ends.
func (e *Engine) hold(ctx context.Context, r Record) *lock {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	l := &lock{Engine: e, own: r, stop: stop, record: r}
	if lease := e.store.Lease(); lease > 0 {
		l.renewed.Go(func() {
			for wait.For(ctx, lease/3) == nil {
				// The next renewal makes up for one that fails. Whether the lock was lost
				// meanwhile is checked before each visible change.
				if errors.Is(l.renew(ctx, lease/3), ErrGone) {
					return
				}
			}
		})
	}
	return l
}

// release stops renewing.
func (l *lock) release() {
	l.stop()
	l.renewed.Wait()
}

func (l *lock) renew(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	now, _, err := l.now(ctx)
	if err != nil {
		return err
	}
	return l.update(ctx, func(r *Record) { r.Deadline = now.Add(l.store.Lease()).UTC().Truncate(time.Second) })
}

// update changes the record; changes are serialised.
func (l *lock) update(ctx context.Context, change func(*Record)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.record
	change(&r)
	err := l.store.Update(ctx, r)
	if err == nil {
		l.record = r
	}
	return err
}

// reach sets the phase. The error is a *lostError if the record is gone.
func (l *lock) reach(ctx context.Context, p Phase) error {
	err := l.update(ctx, func(r *Record) {
		r.Phase = p
		if p == Deployed && l.store.Lease() == 0 {
			// Nothing could complete it later.
			r.Deadline = time.Time{}
		}
	})
	if errors.Is(err, ErrGone) {
		return l.gone()
	}
	return err
}

// gone returns the error for a record that was removed.
func (l *lock) gone() error {
	return &lostError{&BusyError{Endpoint: l.endpoint, By: "someone else", Since: time.Now()}}
}

// mine returns a *lostError if another rollout has taken over, because this process was
// suspended for longer than its lease.
func (l *lock) mine(ctx context.Context) error {
	records, err := list(ctx, l.store)
	if err != nil {
		return err
	}
	there := false
	for _, r := range records {
		if r.Number > l.own.Number {
			return &lostError{busy(l.endpoint, r)}
		}
		there = there || r.same(l.own)
	}
	if !there {
		return l.gone()
	}
	return nil
}
