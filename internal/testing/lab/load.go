package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// pace is the time between two requests of a load.
const pace = 20 * time.Millisecond

// Load is a request every 20 ms, of which each may take as long as it likes.
type Load struct {
	began   time.Time
	stop    context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	sent   int
	failed []Failure
}

// Failure is a request that failed: when it was sent, how long after the load
// began that was, and how long it took.
type Failure struct {
	Sent     time.Time
	At, Took time.Duration
	Err      error
}

// String returns a line of a report.
func (f Failure) String() string {
	return fmt.Sprintf("sent after %.2f s (%s), failed %.2f s later: %v", f.At.Seconds(), f.Sent.Format("15:04:05.00"), f.Took.Seconds(), f.Err)
}

// StartLoad sends requests until End is called or ctx is done. The first has
// been answered when it returns.
func StartLoad(ctx context.Context, request func() error) *Load {
	ctx, cancel := context.WithCancel(ctx)
	l := &Load{began: time.Now(), stop: cancel}
	l.send(request)
	l.running.Go(func() {
		tick := time.NewTicker(pace)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				l.running.Go(func() { l.send(request) })
			}
		}
	})
	return l
}

func (l *Load) send(request func() error) {
	sent := time.Now()
	err := request()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent++
	if err != nil {
		l.failed = append(l.failed, Failure{sent, sent.Sub(l.began), time.Since(sent), err})
	}
}

// End waits for the requests that are under way, and says which failed, in the
// order in which they were sent, of how many.
func (l *Load) End() (failed []Failure, sent int) {
	l.stop()
	l.running.Wait()
	slices.SortFunc(l.failed, func(a, b Failure) int { return cmp.Compare(a.At, b.At) })
	return l.failed, l.sent
}

// WantNone ends the load, and fails the test if a request failed.
func (l *Load) WantNone(t testing.TB) {
	t.Helper()
	failed, sent := l.End()
	if len(failed) > 0 {
		t.Errorf("%d of %d requests failed:\n%s", len(failed), sent, Report(failed))
	}
	t.Logf("%d requests in %.1f s, %d failed", sent, time.Since(l.began).Seconds(), len(failed))
}

// Report has a line for each failure, without those in the middle of many.
func Report(failed []Failure) string {
	const ends = 10
	var lines []string
	for n, f := range failed {
		switch {
		case n < ends || n >= len(failed)-ends:
			lines = append(lines, f.String())
		case n == ends:
			lines = append(lines, fmt.Sprintf("… %d more …", len(failed)-2*ends))
		}
	}
	return strings.Join(lines, "\n")
}
