package publish

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/deployfile/deployfile/publish/internal/wait"
)

// untilReady calls look until it reports ready, and returns the last result. The error
// is look's own or, if ctx or the time limit has ended, an *endedError.
func untilReady(ctx context.Context, limit time.Duration, look func(context.Context) (Readiness, error)) (last Readiness, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not within %s", limit))
	defer cancel()
	for next := firstLook; ; next = min(next*13/10, lastLook) {
		r, err := look(ctx)
		switch {
		case ctx.Err() != nil:
			return last, &endedError{why: context.Cause(ctx), look: err}
		case errors.Is(err, context.DeadlineExceeded):
			// The deadline of this wait, which a client can notice a little earlier, or of
			// one request.
			r = last
		case err != nil:
			return last, err
		case r.Ready:
			return r, nil
		}
		last = r
		if r.Next > 0 {
			next = r.Next
		}
		_ = wait.For(ctx, next) // the end of ctx is seen above
	}
}

// endedError reports a wait that ended before its object was ready.
type endedError struct {
	// why is the cause, look the error of the last look.
	why, look error
}

func (e *endedError) Error() string { return e.why.Error() }

// await waits until the endpoint is ready with its present revision: one that was
// deployed without waiting, or that is restarting, needs only time.
func await(ctx context.Context, p Publisher, r Revision, o Options) error {
	said := ""
	_, err := untilReady(ctx, cmp.Or(o.Timeout, limitsOf(p).Ready), func(ctx context.Context) (Readiness, error) {
		status, err := p.Status(ctx)
		if err != nil {
			return Readiness{}, err
		}
		if !status.Ready && status.Message != said {
			said = status.Message
			o.Progress(said)
		}
		return Readiness{Ready: status.Ready, Message: status.Message}, nil
	})
	var ended *endedError
	if errors.As(err, &ended) {
		return &PendingError{Endpoint: p.Endpoint(), Revision: r.Number, Message: said, Err: ended.why}
	}
	return err
}
