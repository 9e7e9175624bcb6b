//go:build integration

package registrytarget

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
	registrykind "github.com/deployfile/deployfile/manifests/registry"
	"github.com/deployfile/deployfile/publish"
	store "github.com/deployfile/deployfile/publish/store/registry"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// TestTwoAtOnce deploys several at the same time. One wins, and all that can be
// seen is of that one.
func TestTwoAtOnce(t *testing.T) {
	const deployments = 4
	source, to := registryOf(t).Host+"/iris", registryOf(t).Host+"/iris"
	for round := 1; round <= 3; round++ {
		var images []string
		for n := range deployments {
			images = append(images, push(t, source, image(t, "amd64", fmt.Sprintf("round %d, %d", round, n))))
		}
		outcomes, errs := make([]*publish.Outcome, deployments), make([]error, deployments)
		var all sync.WaitGroup
		for n := range deployments {
			e := open(t, to, "", "stable")
			all.Go(func() { outcomes[n], errs[n] = e.try(t.Context(), images[n]) })
		}
		all.Wait()
		var won []string
		for n, err := range errs {
			var busy *publish.BusyError
			switch {
			case err == nil:
				won = append(won, digestIn(images[n]))
			case !errors.As(err, &busy) || busy.Endpoint != "iris-hub" || busy.By != "ada@example":
				t.Errorf("a deployment that lost: %v", err)
			}
		}
		if len(won) != 1 {
			t.Fatalf("%d deployments won, want one", len(won))
		}
		e := open(t, to, "", "stable")
		s := e.status(t)
		if s.Revision == nil || s.Revision.Number != round || !s.Ready || digestIn(s.Revision.State.Live.Image) != won[0] {
			t.Errorf("the status is %+v, and %s won", s, won[0])
		}
	}
}

// TestFailure ends deployments in the middle: what was named before is named
// again, and nothing else is left.
func TestFailure(t *testing.T) {
	for name, allowed := range map[string]string{"with deletion": "true", "without": "false"} {
		t.Run(name, func(t *testing.T) {
			source := push(t, registryOf(t).Host+"/iris", image(t, "amd64", "one"))
			next := push(t, strings.Split(source, "@")[0], image(t, "amd64", "two"))
			deletion(t, allowed)
			var refused string
			to := front(t, lab.StartRegistry(t), func(w http.ResponseWriter, q *http.Request) bool {
				if refused != "" && q.Method == http.MethodPut && strings.HasSuffix(q.URL.Path, "/manifests/"+refused) {
					refuse(w, http.StatusForbidden, "DENIED", "this tag is protected")
					return false
				}
				return true
			}) + "/iris"
			e := open(t, to, "", "a", "b")
			e.deploy(t, source)
			had := tags(t, to)

			refused = "b"
			_, err := e.try(t.Context(), next)
			if err == nil || !strings.Contains(err.Error(), "this tag is protected") || !strings.Contains(err.Error(), "tag b") {
				t.Errorf("a tag that is protected: %v", err)
			}
			for _, tag := range []string{"a", "b"} {
				if digest(t, to+":"+tag) != digestIn(source) {
					t.Errorf("tag %s is not what it was", tag)
				}
			}
			if diff := cmp.Diff([]int{1}, e.numbers(t)); diff != "" {
				t.Error(diff)
			}
			if allowed == "true" {
				if diff := cmp.Diff(had, tags(t, to)); diff != "" {
					t.Error(diff)
				}
			}
			if s := e.status(t); !s.Ready || s.Revision.Number != 1 {
				t.Errorf("the status is %+v", s)
			}

			refused = ""
			// A record that cannot be deleted keeps its number.
			number := map[string]int{"true": 2, "false": 3}[allowed]
			if out := e.deploy(t, next); out.Revision.Number != number || !slices.Equal(e.numbers(t), []int{number, 1}) {
				t.Errorf("the next deployment is revision %d, and the revisions are %v", out.Revision.Number, e.numbers(t))
			}
			if digest(t, to+":b") != digestIn(next) {
				t.Error("the next deployment does not move the tag")
			}
		})
	}
}

// TestInterrupted ends the caller's context, or the time, while a layer is on its
// way.
func TestInterrupted(t *testing.T) {
	for name, why := range map[string]string{"time": "not copied within", "caller": "Ctrl-C"} {
		t.Run(name, func(t *testing.T) {
			source := push(t, registryOf(t).Host+"/iris", imageWith(t, "amd64", bytesOf("interrupted", 100_000), types.OCILayer))
			small := push(t, strings.Split(source, "@")[0], image(t, "amd64", "small"))
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			to := front(t, registryOf(t), func(_ http.ResponseWriter, q *http.Request) bool {
				if q.Method == http.MethodPatch && q.ContentLength > 50_000 {
					if name == "caller" {
						cancel(errors.New("Ctrl-C"))
					}
					// The server sees that the client is gone when it has read all.
					_, _ = io.Copy(io.Discard, q.Body)
					<-q.Context().Done()
					return false
				}
				return true
			}) + "/iris"
			e := open(t, to, "", "stable")
			e.deploy(t, small)
			o := e.options()
			if name == "time" {
				o.Timeout = time.Second
			}
			_, err := publish.Deploy(ctx, e, e.release(source), o)
			var stopped *publish.NotReadyError
			late := errors.As(err, &stopped) && stopped.Restored == 1
			if late != (name == "time") || err == nil || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "PATCH") {
				t.Errorf("the error is %v", err)
			}
			if s := e.status(t); !s.Ready || s.Revision.Number != 1 || digest(t, to+":stable") != digestIn(small) {
				t.Errorf("the status is %+v", s)
			}
		})
	}
}

// TestNoDeletion asks a registry that deletes nothing.
func TestNoDeletion(t *testing.T) {
	deletion(t, "false")
	r := lab.StartRegistry(t)
	to := r.Host + "/iris"
	source := push(t, r.Host+"/build", image(t, "amd64", "kept"))
	e := open(t, to, "", "stable", "old")
	e.deploy(t, source)
	e.target.Spec = &registrykind.Spec{Tags: []string{"stable"}}
	var said []string
	o := e.options()
	o.Progress = func(line string) { said = append(said, line) }
	if _, err := publish.Deploy(t.Context(), e, e.release(source), o); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(said, func(line string) bool { return strings.Contains(line, "tag old stays where it is") }) {
		t.Errorf("nothing is said of the tag that stays: %q", said)
	}
	err := e.Delete(t.Context())
	var kept *store.KeptError
	if !errors.As(err, &kept) || !slices.Equal(kept.Tags, []string{"old", "stable", "iris-hub-r1", "iris-hub-r2"}) || !strings.Contains(err.Error(), "allow deletion") {
		t.Errorf("the error is %v", err)
	}
	readAll(t, to+":stable")
}
