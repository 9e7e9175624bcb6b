// Package growth holds tests to work that grows no faster than its input.
package growth

import (
	"testing"
	"time"
)

// Linear runs what make returns for an input of n parts and for one of four times as
// many, and fails if the second takes more than ten times as long: what compares
// each part with all others takes sixteen times as long. Of several runs the fastest
// counts, because a machine does other things too.
func Linear(t *testing.T, n int, make func(n int) func()) {
	t.Helper()
	const runs, most = 3, 10
	timed := func(f func()) time.Duration {
		start := time.Now()
		f()
		return time.Since(start)
	}
	f := make(n)
	small := timed(f)
	for range runs - 1 {
		small = min(small, timed(f))
	}
	f = make(4 * n)
	var large time.Duration
	for range runs {
		if large = timed(f); large <= most*small || large < 100*time.Millisecond {
			return
		}
	}
	t.Errorf("%d parts take %s, and four times as many %s", n, small, large)
}
