package publishtest

import (
	"context"
	"errors"

	"github.com/deployfile/deployfile/publish"
)

// memoryRollout is the publish.Rollout of a Memory.
type memoryRollout struct {
	*Memory
	plan *publish.Plan
	// stopped reports whether the previous revision did not run before.
	stopped bool
}

// look finds out whether the previous revision runs.
func (r *memoryRollout) look() {
	r.stopped = r.plan.Previous == nil || !r.servers[nameOf(*r.plan.Previous)].running
	r.plan.Stopped = r.stopped
}

// do changes something, unless ctx has ended.
func (r *memoryRollout) do(ctx context.Context, change func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	return change()
}

// resume brings the previous revision back.
func (r *memoryRollout) resume() {
	if r.plan.Previous == nil {
		r.route = ""
		return
	}
	r.route = nameOf(*r.plan.Previous)
	if s, ok := r.servers[r.route]; ok {
		s.running = true
		r.servers[r.route] = s
	}
}

// Recover implements publish.Rollout.
func (r *memoryRollout) Recover(ctx context.Context, left publish.Record) error {
	return r.do(ctx, func() error {
		_, made := r.servers[nameOf(left)]
		delete(r.servers, nameOf(left))
		if left.Phase == publish.Switching || made && !r.Exclusive {
			r.resume()
		}
		r.look()
		if version(left) != version(r.plan.Record) {
			r.collect(left)
		}
		return nil
	})
}

// Start implements publish.Rollout.
func (r *memoryRollout) Start(ctx context.Context) error {
	return r.do(ctx, func() error {
		r.servers[nameOf(r.plan.Record)] = server{version: version(r.plan.Record), running: !r.Exclusive}
		return nil
	})
}

// Ready implements publish.Rollout.
func (r *memoryRollout) Ready(ctx context.Context) (out publish.Readiness, err error) {
	err = r.do(ctx, func() error {
		s, ok := r.servers[nameOf(r.plan.Record)]
		switch {
		case !ok:
			return &publish.UnreadyError{Reason: "somebody has removed it"}
		case s.version == r.Broken:
			out.Message = "it is broken"
		default:
			out.Ready = true
		}
		return nil
	})
	return out, err
}

// Switch implements publish.Rollout.
func (r *memoryRollout) Switch(ctx context.Context) error {
	return r.do(ctx, func() error {
		name := nameOf(r.plan.Record)
		s, ok := r.servers[name]
		if !ok {
			return errors.New("there is no server to switch to")
		}
		if old, ok := r.servers[r.route]; ok && r.Exclusive {
			old.running = false
			r.servers[r.route] = old
		}
		s.running = true
		r.servers[name], r.route, r.drifted = s, name, false
		return nil
	})
}

// Revert implements publish.Rollout.
func (r *memoryRollout) Revert(ctx context.Context) error {
	return r.do(ctx, func() error {
		delete(r.servers, nameOf(r.plan.Record))
		if r.plan.Previous == nil || !r.Exclusive || !r.stopped {
			r.resume()
		}
		return nil
	})
}

// Prune implements publish.Rollout.
func (r *memoryRollout) Prune(ctx context.Context) error {
	return r.do(ctx, func() error {
		for _, earlier := range r.plan.Earlier {
			delete(r.servers, nameOf(earlier))
		}
		r.collect(r.plan.Earlier...)
		return nil
	})
}

// Evidence implements publish.Witness.
func (r *memoryRollout) Evidence(context.Context, error) (log, events []string) {
	return []string{"the last line"}, nil
}

// Discard implements publish.Discarder.
func (r *memoryRollout) Discard(ctx context.Context) error {
	return r.do(ctx, func() error {
		r.collect(r.plan.Record)
		return nil
	})
}

// collect removes the images of revisions that no server has.
func (r *memoryRollout) collect(of ...publish.Record) {
	for _, record := range of {
		used := false
		for _, s := range r.servers {
			used = used || s.version == version(record)
		}
		if !used {
			delete(r.images, version(record))
		}
	}
}
