//go:build unix

// Package growth holds tests to work that grows no faster than its input.
package growth

import (
	"syscall"
	"testing"
	"time"
)

// Linear runs what make returns for an input of n parts and for one of eight times as
// many, and fails if the second takes more than 24 times as long: what compares each
// part with all others takes 64 times as long. Only the processor's time for this
// process counts, and of several runs the fastest, because a machine does other
// things too.
func Linear(t *testing.T, n int, make func(n int) func()) {
	t.Helper()
	const runs, factor, most = 3, 8, 24
	timed := func(f func()) time.Duration {
		start := used(t)
		f()
		return used(t) - start
	}
	f := make(n)
	small := timed(f)
	for range runs - 1 {
		small = min(small, timed(f))
	}
	f = make(factor * n)
	var large time.Duration
	for range runs {
		if large = timed(f); large <= most*small || large < 100*time.Millisecond {
			return
		}
	}
	t.Errorf("%d parts take %s, and %d times as many %s", n, small, factor, large)
}

// used returns the CPU time of this process.
func used(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
