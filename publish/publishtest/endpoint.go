package publishtest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// Endpoint is one endpoint of a kind, with nothing deployed.
type Endpoint struct {
	// Name is what messages call it.
	Name string
	// Connect opens a connection of its own.
	Connect func(t *testing.T) (publish.Store, publish.Driver)
	// Release returns a release of a version that becomes ready: "1", "2", "3".
	Release func(t *testing.T, version string) manifests.Release
	// Serving returns the version that answers requests, "" if none does. It waits
	// for want, as long as a target takes that still settles.
	Serving func(t *testing.T, want string) string
	// There lists all that may be there of the endpoint, but for images; nothing of
	// it may tell one rollout of the same version from another.
	There func(t *testing.T) []string
	// Marks reports whether its store can keep a record as publish.Failed.
	Marks bool
	// Promotes reports whether its releases come up beside the live one. Then what has the
	// faults is to promote them.
	Promotes bool
	// Timeout is that of each wait, long enough for a release to become ready.
	Timeout time.Duration
}

// beside brings a version up that is then to be promoted. When it begins to start
// anything, requests must go to the live one: an abandoned promotion is undone, unless
// stale says that a process did something after others had taken over.
func (e *Endpoint) beside(t *testing.T, version string, overdue, stale bool) {
	t.Helper()
	if !e.Promotes {
		return
	}
	s := &script{}
	if live := e.revisions(t); len(live) > 0 && !stale {
		s.before = map[string]func(){"Start 1": func() { e.serves(t, live[0]) }}
	}
	if err := e.apply(t, s, overdue, func(ctx context.Context, p publish.Publisher, o publish.Options) error {
		_, err := publish.Deploy(ctx, p, e.Release(t, version), o)
		return err
	}); err != nil {
		t.Fatalf("version %s beside the live one: %v", version, err)
	}
}

// deploy deploys a version, or promotes it, with the faults of a script; overdue
// takes over from whoever was there.
func (e *Endpoint) deploy(t *testing.T, version string, s *script, overdue bool) error {
	t.Helper()
	return e.apply(t, s, overdue, func(ctx context.Context, p publish.Publisher, o publish.Options) (err error) {
		if e.Promotes {
			_, err = publish.Promote(ctx, p, o)
		} else {
			_, err = publish.Deploy(ctx, p, e.Release(t, version), o)
		}
		return err
	})
}

// apply does what verb does, on a connection of its own.
func (e *Endpoint) apply(t *testing.T, s *script, overdue bool, verb func(context.Context, publish.Publisher, publish.Options) error) error {
	t.Helper()
	store, driver := e.Connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if s != nil {
		s.calls, s.cancel = map[string]int{}, cancel
		store, driver = s.store(store), faultyDriver{driver, s}
	}
	if overdue {
		store = late{store}
	}
	engine := publish.NewEngine(e.Name, store, driver)
	return verb(ctx, engine, publish.Options{
		ApplyOptions: publish.ApplyOptions{Timeout: e.Timeout, Progress: func(line string) { t.Log(line) }},
		By:           "tester@here", At: time.Now(),
	})
}

// must deploys what has to succeed.
func (e *Endpoint) must(t *testing.T, version string, overdue bool) {
	t.Helper()
	e.beside(t, version, overdue, false)
	if err := e.deploy(t, version, nil, overdue); err != nil {
		t.Fatalf("version %s: %v", version, err)
	}
	e.serves(t, version)
}

func (e *Endpoint) serves(t *testing.T, version string) {
	t.Helper()
	if got := e.Serving(t, version); got != version {
		t.Errorf("version %q answers, want %q", got, version)
	}
}

// revisions returns the live versions of the revisions, newest first; of those that
// follow each other each once.
func (e *Endpoint) revisions(t *testing.T) (out []string) {
	t.Helper()
	store, driver := e.Connect(t)
	revisions, err := publish.NewEngine(e.Name, store, driver).Revisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range revisions {
		out = append(out, r.State.Live.Version)
	}
	return slices.Compact(out)
}

// delete deletes it, and nothing may be left.
func (e *Endpoint) delete(t *testing.T) {
	t.Helper()
	store, driver := e.Connect(t)
	engine := publish.NewEngine(e.Name, late{store}, driver)
	for range 2 {
		if err := engine.Delete(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if left, err := engine.Removals(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("left after it was deleted: %v, %v", left, err)
	}
}

// steps returns those of a rollout beside version 1, without and with its
// failure.
func (e *Endpoint) steps(t *testing.T, faults map[string]Fault) []string {
	t.Helper()
	s := &script{faults: faults}
	e.beside(t, "2", false, false)
	if err := e.deploy(t, "2", s, false); (err != nil) != (faults != nil) {
		t.Fatal(err)
	}
	return s.steps
}
