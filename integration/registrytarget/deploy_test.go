package registrytarget

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/integration/internal/lab"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/registry"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// at is when the tests deploy.
var at = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// endpoint is one in a repository, and how it is deployed.
type endpoint struct {
	*registry.Publisher
	target deployfile.Target
}

func open(t *testing.T, repository, format string, tags ...string) *endpoint {
	t.Helper()
	target := deployfile.Target{Name: "hub", Kind: "registry", Endpoint: "iris-hub", Image: repository, Format: format, Tags: tags}
	p, err := registry.Open(target, target.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return &endpoint{Publisher: p, target: target}
}

func (e *endpoint) release(image string) manifests.Release {
	return manifests.Release{Model: "iris", Target: e.target, Image: image, Port: 8080, User: "65532:65532"}
}

func (e *endpoint) options() publish.Options {
	return publish.Options{Endpoint: e.target.Endpoint, By: "ada@example", At: at}
}

func (e *endpoint) try(ctx context.Context, image string) (*publish.Outcome, error) {
	return publish.Deploy(ctx, e, e.release(image), e.options())
}

func (e *endpoint) deploy(t *testing.T, image string) *publish.Outcome {
	t.Helper()
	out, err := e.try(t.Context(), image)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (e *endpoint) numbers(t *testing.T) []int {
	t.Helper()
	revisions, err := e.Revisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	for _, r := range revisions {
		out = append(out, r.Number)
	}
	return out
}

func (e *endpoint) status(t *testing.T) *publish.Status {
	t.Helper()
	s, err := e.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func digestIn(image string) string { return image[strings.Index(image, "@")+1:] }

// TestDeploy goes through the verbs.
func TestDeploy(t *testing.T) {
	source, to := registryOf(t).Host+"/build/iris", registryOf(t).Host+"/iris"
	one, two := push(t, source, both(t, "one")), push(t, source, both(t, "two"))
	e := open(t, to, "", "stable", "v1")

	if s := e.status(t); s.Revision != nil || s.Ready {
		t.Errorf("the status of nothing is %+v", s)
	}
	out := e.deploy(t, one)
	want := []publish.Change{
		{Action: "create", Object: "Image " + to + "@" + digestIn(one), Diff: "+" + one},
		{Action: "create", Object: "Tag " + to + ":stable", Diff: "+" + digestIn(one)},
		{Action: "create", Object: "Tag " + to + ":v1", Diff: "+" + digestIn(one)},
	}
	if diff := cmp.Diff(want, out.Changes); diff != "" {
		t.Error(diff)
	}
	if out := e.deploy(t, one); out.Action != publish.Unchanged {
		t.Errorf("the same again is %s: %v", out.Action, out.Changes)
	}

	// The tag v1 leaves the Deployfile with the second.
	e.target.Tags = []string{"stable"}
	out = e.deploy(t, two)
	want = []publish.Change{
		{Action: "create", Object: "Image " + to + "@" + digestIn(two), Diff: "+" + two},
		{Action: "update", Object: "Tag " + to + ":stable", Diff: "-" + digestIn(one) + "\n+" + digestIn(two)},
		{Action: "delete", Object: "Tag " + to + ":v1", Diff: "-" + digestIn(one)},
	}
	if diff := cmp.Diff(want, out.Changes); diff != "" {
		t.Error(diff)
	}
	if digest(t, to+":stable") != digestIn(two) || digest(t, to+":v1") != "" || digest(t, to+"@"+digestIn(one)) == "" {
		t.Errorf("the tags are %v", tags(t, to))
	}
	revisions, err := e.Revisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]publish.Revision{out.Revision, *out.Previous}, revisions); diff != "" {
		t.Errorf("the history is not what was deployed:\n%s", diff)
	}

	// A rollback asks nothing of the source, which may be gone.
	gone := front(t, registryOf(t), func(http.ResponseWriter, *http.Request) bool { return true }) + "/build/iris@"
	if digest(t, gone+digestIn(one)) != "" {
		t.Fatal("the other registry has the image")
	}
	e.target.Tags = nil
	back, err := publish.Rollback(t.Context(), e, 1, e.options())
	if err != nil {
		t.Fatal(err)
	}
	if digest(t, to+":stable") != digestIn(one) || digest(t, to+":v1") != digestIn(one) || back.Revision.Number != 3 {
		t.Errorf("after rolling back, revision %d, the tags are %v", back.Revision.Number, tags(t, to))
	}
	if s := e.status(t); !s.Ready || s.Message != "" || s.Revision.Number != 3 {
		t.Errorf("the status is %+v", s)
	}

	if err := registry.Tag(t.Context(), to+"@"+digestIn(two), "stable"); err != nil {
		t.Fatal(err)
	}
	if s := e.status(t); s.Ready || !strings.Contains(s.Message, "tag stable names "+digestIn(two)+", not "+digestIn(one)) {
		t.Errorf("after another has moved a tag the status is %+v", s)
	}

	if err := registry.Tag(t.Context(), to+"@"+digestIn(two), "mine"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := e.Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"mine"}, tags(t, to)); diff != "" {
			t.Errorf("what is left: %s", diff)
		}
	}
	readAll(t, to+":mine")
	if n := e.numbers(t); len(n) > 0 {
		t.Errorf("revisions %v are left", n)
	}
}

// TestSourceIsGone rolls back when the registry that the image came from is no
// more.
func TestSourceIsGone(t *testing.T) {
	there := true
	source := front(t, registryOf(t), func(w http.ResponseWriter, _ *http.Request) bool {
		if !there {
			refuse(w, http.StatusNotFound, "NAME_UNKNOWN", "gone")
		}
		return there
	}) + "/iris"
	to := registryOf(t).Host + "/iris"
	one, two := push(t, source, both(t, "one")), push(t, source, both(t, "two"))
	e := open(t, to, "docker", "stable")
	e.deploy(t, one)
	first := digest(t, to+":stable")
	e.deploy(t, two)
	there = false
	if _, err := publish.Rollback(t.Context(), e, 0, e.options()); err != nil {
		t.Fatal(err)
	}
	if got := digest(t, to+":stable"); got != first || first == digestIn(one) {
		t.Errorf("the tag names %s, want %s", got, first)
	}
	three := source + "@sha256:" + strings.Repeat("3", 64)
	_, err := e.try(t.Context(), three)
	var none *registry.NoImageError
	if !errors.As(err, &none) || none.Image != three {
		t.Errorf("an image that is not there: %v", err)
	}
}

// TestConflict finds a tag that somebody else has set.
func TestConflict(t *testing.T) {
	source, to := registryOf(t).Host+"/iris", registryOf(t).Host+"/iris"
	theirs := push(t, to, image(t, "amd64", "theirs"))
	if err := registry.Tag(t.Context(), theirs, "stable"); err != nil {
		t.Fatal(err)
	}
	ours := push(t, source, both(t, "ours"))
	e := open(t, to, "", "stable")
	_, err := e.try(t.Context(), ours)
	var conflict *publish.ConflictError
	if !errors.As(err, &conflict) || conflict.Object != "tag "+to+":stable" || !strings.Contains(err.Error(), digestIn(theirs)) {
		t.Fatalf("another's tag: %v", err)
	}
	if diff := cmp.Diff([]string{"stable"}, tags(t, to)); diff != "" || digest(t, to+":stable") != digestIn(theirs) || digest(t, to+"@"+digestIn(ours)) != "" {
		t.Errorf("the refused deployment has left something: %s", diff)
	}
	o := e.options()
	o.ForceConflicts = true
	if _, err := publish.Deploy(t.Context(), e, e.release(ours), o); err != nil {
		t.Fatal(err)
	}
	if digest(t, to+":stable") != digestIn(ours) {
		t.Error("--force-conflicts does not move the tag")
	}
}

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
				left := slices.DeleteFunc(tags(t, to), func(tag string) bool { return strings.HasPrefix(tag, "sha256-") && !slices.Contains(had, tag) })
				if diff := cmp.Diff(had, left); diff != "" {
					t.Error(diff)
				}
			}
			if s := e.status(t); !s.Ready || s.Revision.Number != 1 {
				t.Errorf("the status is %+v", s)
			}

			refused = ""
			if out := e.deploy(t, next); out.Revision.Number != 2 {
				t.Errorf("the next deployment is revision %d", out.Revision.Number)
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
			if !errors.As(err, &stopped) || stopped.Restored != 1 || !strings.Contains(stopped.Reason, why) || strings.Contains(err.Error(), "PATCH") {
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
	e.target.Tags = []string{"stable"}
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
	var kept *registry.KeptError
	if !errors.As(err, &kept) || !slices.Equal(kept.Tags, []string{"old", "stable", "iris-hub-r1", "iris-hub-r2"}) || !strings.Contains(err.Error(), "allow deletion") {
		t.Errorf("the error is %v", err)
	}
	readAll(t, to+":stable")
}

// TestDockerOnly deploys to a registry that takes Docker's media types only.
func TestDockerOnly(t *testing.T) {
	source := push(t, registryOf(t).Host+"/iris", both(t, "docker"))
	to := dockerOnly(t, registryOf(t)) + "/iris"
	e := open(t, to, "docker", "stable")
	out := e.deploy(t, source)
	if again := e.deploy(t, source); again.Action != publish.Unchanged {
		t.Errorf("the same again is %s: %v", again.Action, again.Changes)
	}
	revisions, err := e.Revisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]publish.Revision{out.Revision}, revisions); diff != "" {
		t.Error(diff)
	}
	readAll(t, to+":stable")
	if err := e.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := tags(t, to); len(left) > 0 {
		t.Errorf("the tags %v are left", left)
	}
}

// TestHistoryEnds keeps the last ten records.
func TestHistoryEnds(t *testing.T) {
	r := registryOf(t)
	e := open(t, r.Host+"/iris", "", "stable")
	var want []int
	for n := 1; n <= 12; n++ {
		e.deploy(t, push(t, r.Host+"/build", image(t, "amd64", fmt.Sprint(n))))
		if n > 2 {
			want = append([]int{n}, want...)
		}
	}
	if diff := cmp.Diff(want, e.numbers(t)); diff != "" {
		t.Error(diff)
	}
}

// TestOtherTag does not take another's tag for a record.
func TestOtherTag(t *testing.T) {
	r := registryOf(t)
	source := push(t, r.Host+"/iris", image(t, "amd64", "other"))
	if err := registry.Tag(t.Context(), source, "iris-hub-r1"); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, r.Host+"/iris", "").try(t.Context(), source); err == nil || !strings.Contains(err.Error(), "iris-hub-r1: it has the name of a record") {
		t.Errorf("the error is %v", err)
	}
}
