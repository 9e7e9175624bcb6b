// Package wait pauses between two looks at a target.
package wait

import (
	"context"
	"time"
)

// For waits for d. The error is the cause of ctx's end, if that comes first.
func For(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
