package deploy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

// pace is the time between two requests of a load.
const pace = 20 * time.Millisecond

// load sends requests at a constant pace, each on a connection of its own, as
// long as a change is made.
type load struct {
	client *http.Client
	url    string
	body   []byte

	mu       sync.Mutex
	sent     int
	failures []string
}

// during runs change under the load; each request must succeed.
func (l *load) during(t *testing.T, change func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		tick := time.NewTicker(pace)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				all.Go(l.request)
			}
		}
	})
	change()
	// What a rollout ends last must not have been in use.
	time.Sleep(2 * time.Second)
	stop()
	all.Wait()
	if len(l.failures) > 0 {
		t.Errorf("%d of %d requests failed, the first and last:\n%s\n%s", len(l.failures), l.sent, l.failures[0], l.failures[len(l.failures)-1])
	}
	if l.sent < 50 {
		t.Errorf("only %d requests were sent", l.sent)
	}
	t.Logf("%d requests, %d failed", l.sent, len(l.failures))
	l.sent, l.failures = 0, nil
}

func (l *load) request() {
	err := l.post()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent++
	if err != nil {
		l.failures = append(l.failures, time.Now().Format("15:04:05.0 ")+err.Error())
	}
}

func (l *load) post() error {
	res, err := l.client.Post(l.url+"/invocations", "application/json", bytes.NewReader(l.body))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, answer)
	}
	return err
}
