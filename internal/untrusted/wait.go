package untrusted

import "context"

// Wait runs a function that reads or parses, and returns what it returns, or the
// context's error as soon as the context is done: a file on a file system that
// hangs, and a parser, know no context. The function is then left to end by itself,
// so it must change nothing that its caller still uses.
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
