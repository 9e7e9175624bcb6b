package untrusted

import "context"

// Wait calls a function that reads or parses, and returns its result, or the
// context's error as soon as the context is done: parsers, and reads from a
// file system that hangs, take no context. The function then continues in the
// background, so it must not change anything that its caller still uses.
func Wait[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
