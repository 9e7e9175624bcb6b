package publish

import (
	"context"
	"fmt"
	"time"
)

// lookPause is how long between two looks at an endpoint that is to serve.
const lookPause = time.Second

// await waits until an endpoint serves the revision that it has. One that was
// deployed without waiting, or that starts anew, needs no other revision but
// time.
func await(ctx context.Context, p Publisher, r Revision, o Options) error {
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("not within %s", o.Timeout))
		defer cancel()
	}
	said := ""
	for {
		status, err := p.Status(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			return err
		case err == nil && status.Ready:
			return nil
		case err == nil && status.Message != said:
			said = status.Message
			o.Progress(said)
		}
		select {
		case <-ctx.Done():
			return &PendingError{Endpoint: o.Endpoint, Revision: r.Number, Message: said, Err: context.Cause(ctx)}
		case <-time.After(lookPause):
		}
	}
}
