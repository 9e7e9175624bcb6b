package publish

import (
	"context"
	"errors"
	"fmt"
)

// stage takes a step and then waits until the revision is ready.
func (d *operation) stage(ctx context.Context, step func(context.Context) error, wait bool) error {
	limited, cancel := context.WithTimeout(ctx, stepLimit)
	defer cancel()
	if err := step(limited); err != nil {
		if ctx.Err() == nil && limited.Err() != nil {
			return &UnreadyError{Reason: fmt.Sprintf("the target did not take it within %s: %v", stepLimit, err), Cause: err}
		}
		return err
	}
	if !wait {
		return nil
	}
	return d.wait(ctx)
}

// wait waits until the revision is ready. The error is an *UnreadyError if it cannot
// become ready, or not within the time limit.
func (d *operation) wait(ctx context.Context) error {
	limit := d.plan.Options.Timeout
	last, err := untilReady(ctx, limit, d.rollout.Ready)
	var ended *endedError
	if errors.As(err, &ended) {
		return &UnreadyError{Object: last.Object, Reason: fmt.Sprintf("it is not ready after %s: %s", limit, last.Message), Cause: ended.look}
	}
	return err
}

// explain turns a failure into the error for the caller. Fresh has not ended.
func (d *operation) explain(fresh, ctx context.Context, failure error) error {
	restored := d.restores()
	if ctx.Err() != nil {
		return d.interrupted(ctx, failure, consequence(restored))
	}
	var unready *NotReadyError
	var stuck *UnreadyError
	switch {
	case errors.As(failure, &unready):
	case errors.As(failure, &stuck):
		unready = &NotReadyError{Reason: stuck.Error()}
	default:
		return fmt.Errorf("%w; %s", failure, consequence(restored))
	}
	unready.Endpoint, unready.Restored = d.endpoint, restored
	if w, ok := d.rollout.(Witness); ok && unready.Log == nil && unready.Events == nil {
		unready.Log, unready.Events = w.Evidence(fresh, failure)
	}
	return unready
}

func consequence(restored int) string {
	if restored > 0 {
		return fmt.Sprintf("revision %d is served again", restored)
	}
	return "what had been started of it is removed"
}
