package publish_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
	"github.com/google/go-cmp/cmp"
)

const lease = 30 * time.Second

// inMemory is an endpoint of a target in memory.
func inMemory(m *publishtest.Memory) *publishtest.Endpoint {
	return &publishtest.Endpoint{
		Name:    "iris-prod",
		Connect: func(*testing.T) (publish.Store, publish.Driver) { return m.Connect() },
		Release: func(_ *testing.T, version string) manifests.Release { return versioned(version) },
		Serving: func(*testing.T, string) string { return m.Serving() },
		There: func(*testing.T) []string {
			return slices.DeleteFunc(m.There(), func(line string) bool { return strings.HasPrefix(line, "image") })
		},
		Marks:   true,
		Timeout: time.Minute,
	}
}

func versioned(version string) manifests.Release {
	r := release(version, "")
	r.Version = version
	return r
}

// TestConformance has every fault at every step of a target in memory.
func TestConformance(t *testing.T) {
	for name, open := range map[string]func() *publishtest.Memory{
		"beside":         func() *publishtest.Memory { return &publishtest.Memory{Term: lease} },
		"in place":       func() *publishtest.Memory { return &publishtest.Memory{Term: lease, Exclusive: true} },
		"fixed deadline": func() *publishtest.Memory { return &publishtest.Memory{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			publishtest.Conformance(t, func(*testing.T) *publishtest.Endpoint { return inMemory(open()) }, nil)
		})
	}
}

// engineOf is an engine of a target in memory.
func engineOf(m *publishtest.Memory) *publish.Engine {
	s, d := m.Connect()
	return publish.NewEngine("iris-prod", s, d)
}

func try(ctx context.Context, e *publish.Engine, version string, o publish.ApplyOptions) error {
	with := options()
	with.ApplyOptions = o
	_, err := publish.Deploy(ctx, e, versioned(version), with)
	return err
}

// TestNeverReady gives up in time, brings back what was there, and says why.
func TestNeverReady(t *testing.T) {
	for _, had := range []string{"", "1"} {
		synctest.Test(t, func(t *testing.T) {
			m := &publishtest.Memory{Term: lease, Broken: "2"}
			want := &publish.NotReadyError{Endpoint: "iris-prod", Reason: "it is not ready after 3m0s: it is broken", Log: []string{"the last line"}}
			if had != "" {
				must(t, engineOf(m), had)
				want.Restored = 1
			}
			before, began := m.There(), time.Now()
			var got *publish.NotReadyError
			if err := try(t.Context(), engineOf(m), "2", publish.ApplyOptions{Timeout: 3 * time.Minute}); !errors.As(err, &got) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if took := time.Since(began); took != 3*time.Minute {
				t.Errorf("it took %s", took)
			}
			if diff := cmp.Diff(before, m.There()); diff != "" || m.Serving() != had {
				t.Errorf("%q answers, and there is\n%s", m.Serving(), diff)
			}
		})
	}
}

func must(t *testing.T, e *publish.Engine, version string) {
	t.Helper()
	if err := try(t.Context(), e, version, publish.ApplyOptions{}); err != nil {
		t.Fatalf("version %s: %v", version, err)
	}
}

// TestLease keeps others out for as long as a rollout lives, however long that
// is, and for no longer than its lease and a look when it has died.
func TestLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &publishtest.Memory{Term: lease, Broken: "2"}
		must(t, engineOf(m), "1")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- try(ctx, engineOf(m), "2", publish.ApplyOptions{Timeout: time.Hour}) }()
		for range 20 {
			time.Sleep(time.Minute)
			var busy *publish.BusyError
			if err := try(t.Context(), engineOf(m), "3", publish.ApplyOptions{}); !errors.As(err, &busy) || busy.By != "anna@desk" || busy.Until.Before(time.Now()) || time.Until(busy.Until) > lease {
				t.Fatalf("%+v, %v", busy, err)
			}
			if err := engineOf(m).Delete(t.Context()); !errors.As(err, &busy) {
				t.Fatal(err)
			}
			if s, err := engineOf(m).Status(t.Context()); err != nil || !s.Ready || s.Message != "revision 2 is being deployed by anna@desk since 2026-01-02T02:04:05Z" {
				t.Fatalf("%+v, %v", s, err)
			}
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "was interrupted; revision 1 is served again") {
			t.Errorf("%v", err)
		}
		must(t, engineOf(m), "3")
	})
}

// TestAbandoned takes over from a rollout that died, when it was silent for
// long enough. The clocks of two machines need not agree.
func TestAbandoned(t *testing.T) {
	for name, c := range map[string]struct {
		deadline time.Duration
		// renews reports whether it is alive, and its clock late.
		renews bool
		busy   bool
		takes  time.Duration
	}{
		"alive":                   {20 * time.Second, false, true, 0},
		"dead":                    {-time.Second, false, false, lease / 2},
		"alive, by another clock": {-time.Minute, true, true, lease / 2},
		"forged for ever":         {24 * 365 * time.Hour, false, false, lease / 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &publishtest.Memory{Term: lease}
				must(t, engineOf(m), "1")
				store, _ := m.Connect()
				left := publish.Record{Revision: publish.Revision{Number: 2, By: "gone@there"}, Phase: publish.Applying, Attempt: "x", Deadline: time.Now().Add(c.deadline)}
				if err := store.Create(t.Context(), left); err != nil {
					t.Fatal(err)
				}
				if c.renews {
					time.AfterFunc(lease/3, func() {
						left.Deadline = time.Now().Add(c.deadline)
						if err := store.Update(context.Background(), left); err != nil {
							t.Error(err)
						}
					})
				}
				s, err := engineOf(m).Status(t.Context())
				if err != nil || s.Revision.Number != 1 || !strings.Contains(s.Message, "revision 2") {
					t.Errorf("%+v, %v", s, err)
				}
				began := time.Now()
				err = try(t.Context(), engineOf(m), "3", publish.ApplyOptions{})
				var busy *publish.BusyError
				if errors.As(err, &busy) != c.busy || (err != nil) != c.busy || c.busy && busy.By != "gone@there" {
					t.Errorf("%v", err)
				}
				if took := time.Since(began); took != c.takes {
					t.Errorf("it took %s, want %s", took, c.takes)
				}
			})
		})
	}
}

// TestRetention keeps so many revisions, and none that failed.
func TestRetention(t *testing.T) {
	m := &publishtest.Memory{Term: lease}
	for n := range publish.KeepRevisions + 3 {
		must(t, engineOf(m), string('a'+rune(n)))
	}
	revisions, err := engineOf(m).Revisions(t.Context())
	if err != nil || len(revisions) != publish.KeepRevisions || revisions[0].Number != publish.KeepRevisions+3 {
		t.Errorf("%d revisions, %v", len(revisions), err)
	}
}

// TestRefused changes nothing if the target would not take it.
func TestRefused(t *testing.T) {
	m := &publishtest.Memory{Term: lease, Refuses: "2"}
	must(t, engineOf(m), "1")
	before := m.There()
	var conflict *publish.ConflictError
	if err := try(t.Context(), engineOf(m), "2", publish.ApplyOptions{}); !errors.As(err, &conflict) {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff(before, m.There()); diff != "" {
		t.Error(diff)
	}
}

// TestNoWait does not wait until a revision is ready.
func TestNoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &publishtest.Memory{Term: lease, Broken: "2"}
		must(t, engineOf(m), "1")
		began := time.Now()
		if err := try(t.Context(), engineOf(m), "2", publish.ApplyOptions{NoWait: true}); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 0 || m.Serving() != "2" {
			t.Errorf("%q answers after %s", m.Serving(), took)
		}
	})
}

// meddler is a publish.Store that does something else when a record was made.
type meddler struct {
	publish.Store
	then func()
}

func (m meddler) Create(ctx context.Context, r publish.Record) error {
	err := m.Store.Create(ctx, r)
	m.then()
	return err
}

// TestChangedMeanwhile gives way if what it follows from has changed until it had
// the lock.
func TestChangedMeanwhile(t *testing.T) {
	at := publish.Record{Revision: publish.Revision{Number: 1, By: "rival@there"}, Attempt: "rival", Deadline: time.Now().Add(time.Minute)}
	for name, change := range map[string]func(*testing.T, publish.Store){
		"deleted": func(t *testing.T, s publish.Store) {
			records, err := s.List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range records {
				if r.Phase == publish.Deployed {
					_ = s.Delete(t.Context(), r)
				}
			}
		},
		"begun below": func(t *testing.T, s publish.Store) {
			at := at
			at.Number, at.Phase = 0, publish.Applying
			_ = s.Create(t.Context(), at)
		},
		"deployed above": func(t *testing.T, s publish.Store) {
			at := at
			at.Number, at.Phase = 7, publish.Deployed
			_ = s.Create(t.Context(), at)
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := &publishtest.Memory{Term: lease}
			must(t, engineOf(m), "1")
			s, d := m.Connect()
			e := publish.NewEngine("iris-prod", meddler{s, func() { change(t, s) }}, d)
			err := try(t.Context(), e, "2", publish.ApplyOptions{})
			var busy *publish.BusyError
			if err == nil || name != "deleted" && (!errors.As(err, &busy) || busy.By != "rival@there") {
				t.Errorf("%v", err)
			}
			if m.Serving() != "1" || slices.ContainsFunc(m.There(), func(line string) bool { return strings.HasPrefix(line, "record 2") }) {
				t.Errorf("%q answers, and there is %q", m.Serving(), m.There())
			}
		})
	}
}
