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
	fastest := func(n int) time.Duration {
		f := make(n)
		best := time.Duration(1<<63 - 1)
		for range runs {
			start := time.Now()
			f()
			best = min(best, time.Since(start))
		}
		return best
	}
	small, large := fastest(n), fastest(4*n)
	if large > most*small && large > 100*time.Millisecond {
		t.Errorf("%d parts take %s, and four times as many %s", n, small, large)
	}
}
