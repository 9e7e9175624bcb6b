//go:build integration

package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-cmp/cmp"
)

// TestFailsInPlace deploys what serves on trial, and not in its place: the
// old one is started again.
func TestFailsInPlace(t *testing.T) { everywhere(t, failsInPlace) }

func failsInPlace(t *testing.T, p place) {
	if p.network != "host" {
		// The server sees the same port on trial.
		return
	}
	e := p.endpoint(t)
	e.deploy(t, shared.images.push(t, "1", ""), "1")
	before := p.there(t)
	_, err := e.try(t.Context(), options(t), shared.images.push(t, "2", "", fmt.Sprintf("SHUN=%d", port)))
	var notReady *publish.NotReadyError
	if !errors.As(err, &notReady) || notReady.Restored != 1 || !strings.Contains(strings.Join(notReady.Log, "\n"), "that port is not for me") {
		t.Fatal(err)
	}
	eventually(t, func() error { _, err := ask(e.url() + "/version"); return err })
	e.wantVersion(t, "1")
	e.wantRevisions(t, "1")
	if d := cmp.Diff(before, p.there(t)); d != "" {
		t.Errorf("what is there:\n%s", d)
	}
}

// eventually waits for what comes true without anyone's doing.
func eventually(t *testing.T, condition func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = condition(); err == nil {
			return
		}
	}
	t.Fatal(err)
}

// TestPortTaken moves to a port that another program has.
func TestPortTaken(t *testing.T) {
	for _, p := range places() {
		if p.network == "cni" {
			// The firewall leads to the container all the same.
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			e := p.endpoint(t)
			e.deploy(t, shared.images.push(t, "1", ""), "1")
			before := p.there(t)
			l, err := net.Listen("tcp", ":8081")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			old := e.url()
			e.reopen(t, func(target *deployfile.Target) { target.Port = 8081 })
			requests := startLoad(old + "/version")
			_, err = e.try(t.Context(), options(t), shared.images.push(t, "2", ""))
			var notReady *publish.NotReadyError
			if !errors.As(err, &notReady) || !strings.Contains(err.Error(), "in use") && !strings.Contains(err.Error(), "allocated") {
				t.Error(err)
			}
			t.Log(err)
			requests.wantNone(t)
			if d := cmp.Diff(before, p.there(t)); d != "" {
				t.Errorf("what is there:\n%s", d)
			}
		})
	}
}

// TestOtherPort shows that no request is lost where old and new can serve side
// by side.
func TestOtherPort(t *testing.T) {
	for _, p := range places() {
		t.Run(p.name, func(t *testing.T) {
			e := p.endpoint(t)
			e.deploy(t, shared.images.push(t, "1", ""), "1")
			old := e.url()
			e.reopen(t, func(target *deployfile.Target) { target.Port = 8081 })
			slow := make(chan error, 1)
			requests, answered := startLoad(old+"/version"), false
			o := options(t)
			o.Progress = func(line string) {
				t.Log(line)
				if strings.HasPrefix(line, "stopping") {
					// The new one serves by now.
					_, err := ask(e.url() + "/version")
					answered = err == nil
					requests.wantNone(t)
					go func() {
						_, err := ask(old + "/slow")
						slow <- err
					}()
					time.Sleep(100 * time.Millisecond)
				}
			}
			if _, err := e.try(t.Context(), o, shared.images.push(t, "2", "", "STARTUP=500ms")); err != nil {
				t.Fatal(err)
			}
			if !answered {
				t.Fatal("the old one was stopped before the new one served")
			}
			if err := <-slow; err != nil {
				t.Errorf("a request that was under way: %v", err)
			}
			e.wantVersion(t, "2")
			if _, err := ask(old + "/version"); err == nil {
				t.Error("the old one still serves")
			}
		})
	}
}

// TestCancelled ends a deployment at each of its steps.
func TestCancelled(t *testing.T) {
	for _, p := range places() {
		steps := []string{"pulling", "trying", "waiting until the trial", "stopping", "starting revision 2", "waiting until revision 2"}
		if p.network == "cni" {
			steps = []string{"pulling", "starting revision 2", "waiting until revision 2"}
		}
		for _, step := range steps {
			t.Run(p.name+" "+step, func(t *testing.T) { cancelled(t, p, step) })
		}
	}
}

func cancelled(t *testing.T, p place, step string) {
	e := p.endpoint(t)
	e.deploy(t, shared.images.push(t, "1", ""), "1")
	before := p.there(t)
	ctx, cancel := context.WithCancel(t.Context())
	o := options(t)
	o.Progress = func(line string) {
		t.Log(line)
		if strings.HasPrefix(line, step) {
			go func() {
				time.Sleep(30 * time.Millisecond)
				cancel()
			}()
		}
	}
	_, err := e.try(ctx, o, shared.images.push(t, "2", "", "STARTUP=500ms"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	eventually(t, func() error { _, err := ask(e.url() + "/version"); return err })
	e.wantVersion(t, "1")
	e.wantRevisions(t, "1")
	if d := cmp.Diff(before, p.there(t)); d != "" {
		t.Errorf("what is there:\n%s", d)
	}
}

// TestTwoAtOnce deploys twice, of which one must say that it gave way.
func TestTwoAtOnce(t *testing.T) { everywhere(t, twoAtOnce) }

func twoAtOnce(t *testing.T, p place) {
	e := p.endpoint(t)
	e.deploy(t, shared.images.push(t, "1", ""), "1")
	versions := []string{"2", "3"}
	results := make(chan error, len(versions))
	for _, version := range versions {
		image := shared.images.push(t, version, "", "STARTUP=1s")
		o := options(t)
		o.By = version
		go func() {
			_, err := e.try(t.Context(), o, image)
			results <- err
		}()
	}
	busy, done := 0, 0
	for range versions {
		var b *publish.BusyError
		switch err := <-results; {
		case err == nil:
			done++
		case errors.As(err, &b) && b.Endpoint == endpointName && (b.By == "2" || b.By == "3"):
			busy++
		default:
			t.Error(err)
		}
	}
	if done != 1 || busy != 1 {
		t.Errorf("%d were done, %d gave way", done, busy)
	}
	e.wantRevisions(t, "2 1")
	revisions, err := e.Revisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e.wantVersion(t, revisions[0].By)
}
