package publish_test

import (
	"errors"
	"testing"
	"time"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/docker"
	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-cmp/cmp"
)

// step is a verb and what is to come of it: the images by their digit.
type step struct {
	deploy             string
	promote            bool
	rollback           int // -1 for the newest that makes a difference
	want               publish.Action
	number             int
	live, next         string
	liveTrack, trackOf string
}

func TestVerbs(t *testing.T) {
	for name, test := range map[string]struct {
		strategy string
		steps    []step
	}{
		"rolling": {"", []step{
			{deploy: "a", want: publish.Applied, number: 1, live: "a"},
			{deploy: "a", want: publish.Unchanged, number: 1, live: "a"},
			{deploy: "b", want: publish.Applied, number: 2, live: "b"},
			{promote: true, want: publish.Unchanged, number: 2, live: "b"},
			{rollback: -1, want: publish.Applied, number: 3, live: "a"},
			{rollback: 1, want: publish.Unchanged, number: 3, live: "a"},
			{rollback: 2, want: publish.Applied, number: 4, live: "b"},
			{rollback: -1, want: publish.Applied, number: 5, live: "a"},
		}},
		"canary": {"canary", []step{
			{deploy: "a", want: publish.Applied, number: 1, live: "a"},
			{deploy: "b", want: publish.Applied, number: 2, live: "a", next: "b", trackOf: "canary"},
			{deploy: "b", want: publish.Unchanged, number: 2, live: "a", next: "b", trackOf: "canary"},
			{rollback: -1, want: publish.Applied, number: 3, live: "a"},
			{deploy: "c", want: publish.Applied, number: 4, live: "a", next: "c", trackOf: "canary"},
			{promote: true, want: publish.Applied, number: 5, live: "c"},
			{promote: true, want: publish.Unchanged, number: 5, live: "c"},
			{deploy: "c", want: publish.Unchanged, number: 5, live: "c"},
			{rollback: -1, want: publish.Applied, number: 6, live: "a"},
		}},
		"blue-green": {"blue-green", []step{
			{deploy: "a", want: publish.Applied, number: 1, live: "a"},
			{deploy: "b", want: publish.Applied, number: 2, live: "a", next: "b", trackOf: "blue"},
			{promote: true, want: publish.Applied, number: 3, live: "b", liveTrack: "blue"},
			{deploy: "b", want: publish.Unchanged, number: 3, live: "b", liveTrack: "blue"},
			{deploy: "c", want: publish.Applied, number: 4, live: "b", liveTrack: "blue", next: "c", trackOf: "green"},
			{rollback: 4, want: publish.Applied, number: 5, live: "b", liveTrack: "blue"},
			{rollback: 1, want: publish.Applied, number: 6, live: "a", liveTrack: "green"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newTarget(t)
			for n, s := range test.steps {
				var got *publish.Outcome
				var err error
				switch {
				case s.promote:
					got, err = publish.Promote(t.Context(), m, options())
				case s.rollback != 0:
					got, err = publish.Rollback(t.Context(), m, max(s.rollback, 0), options())
				default:
					got, err = publish.Deploy(t.Context(), m, release(s.deploy, test.strategy), options())
				}
				if err != nil {
					t.Fatalf("step %d: %v", n+1, err)
				}
				is := step{
					deploy: s.deploy, promote: s.promote, rollback: s.rollback,
					want: got.Action, number: got.Revision.Number,
					live: digit(got.Revision.State.Live), liveTrack: got.Revision.State.Live.Track,
				}
				if next := got.Revision.State.Next; next != nil {
					is.next, is.trackOf = digit(*next), next.Track
				}
				if diff := cmp.Diff(s, is, cmp.AllowUnexported(step{})); diff != "" {
					t.Fatalf("step %d (-want +got):\n%s", n+1, diff)
				}
				if s.want == publish.Applied && len(got.Changes) == 0 {
					t.Errorf("step %d changed nothing", n+1)
				}
			}
		})
	}
}

func digit(s manifests.Slot) string { return s.Image[len(s.Image)-1:] }

// What others have changed at the target is put right, by a new revision.
func TestDrift(t *testing.T) {
	m := newTarget(t)
	deploy(t, m, "a", options())
	m.Drift()
	if got := deploy(t, m, "a", options()); got.Action != publish.Applied || got.Revision.Number != 2 {
		t.Errorf("%s, revision %d", got.Action, got.Revision.Number)
	}
}

// Going back passes over revisions that served what is served now.
func TestRollbackPastTheSame(t *testing.T) {
	m := newTarget(t)
	deploy(t, m, "a", options())
	deploy(t, m, "b", options())
	m.Drift()
	deploy(t, m, "b", options())
	got, err := publish.Rollback(t.Context(), m, 0, options())
	if err != nil {
		t.Fatal(err)
	}
	if got.Revision.Number != 4 || digit(got.Revision.State.Live) != "a" {
		t.Errorf("revision %d serves %s", got.Revision.Number, got.Revision.State.Live.Image)
	}
}

// A Deployfile that changed elsewhere starts nothing, but is recorded where the
// target shows its digest.
func TestOtherSources(t *testing.T) {
	for kind, want := range map[string]publish.Action{"docker": publish.Unchanged, "kubernetes": publish.Applied} {
		m := newTarget(t)
		r := release("a", "")
		if r.Target.Kind = kind; kind == "docker" {
			r.Target.Spec = &docker.Spec{}
		}
		if _, err := publish.Deploy(t.Context(), m, r, options()); err != nil {
			t.Fatal(err)
		}
		r.FileDigest = "sha256:3"
		got, err := publish.Deploy(t.Context(), m, r, options())
		if err != nil || got.Action != want {
			t.Errorf("%s: %v, %v, want %s", kind, got.Action, err, want)
		}
	}
}

func TestDryRun(t *testing.T) {
	m := newTarget(t)
	o := options()
	o.DryRun = true
	if got := deploy(t, m, "a", o); got.Action != publish.Planned || got.Revision.Number != 1 || got.Previous != nil || len(got.Changes) == 0 {
		t.Errorf("got %+v", got)
	}
	deploy(t, m, "a", options())
	deploy(t, m, "b", options())
	got, err := publish.Rollback(t.Context(), m, 1, o)
	if err != nil || got.Action != publish.Planned || got.Revision.Number != 3 || got.Previous.Number != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	if n := len(revisions(t, m)); n != 2 {
		t.Errorf("%d revisions, want 2", n)
	}
}

// What is deployed and does not serve yet is waited for.
func TestUnchangedButNotReady(t *testing.T) {
	m := newTarget(t)
	deploy(t, m, "a", options())
	m.Starting = 1
	o := options()
	said := ""
	o.Progress = func(line string) { said += line }
	if got := deploy(t, m, "a", o); got.Action != publish.Unchanged || said != "it starts" || m.Starting != 0 {
		t.Errorf("%s, said %q, asked until %d", got.Action, said, m.Starting)
	}
	m.Starting = 1000
	o.NoWait = true
	if got := deploy(t, m, "a", o); got.Action != publish.Unchanged || m.Starting != 1000 {
		t.Errorf("%s, asked until %d", got.Action, m.Starting)
	}
	o.NoWait, o.Timeout = false, time.Millisecond
	_, err := publish.Deploy(t.Context(), m, release("a", ""), o)
	if want := "revision 1 of iris-prod is what was asked for, and is not ready (not within 1ms): it starts"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// TestOptionsArePassedOn gives the driver what the caller asks for.
func TestOptionsArePassedOn(t *testing.T) {
	m := newTarget(t)
	o := options()
	said := false
	o.ApplyOptions = publish.ApplyOptions{Timeout: time.Second, NoWait: true, ForceConflicts: true, Progress: func(string) { said = true }}
	deploy(t, m, "a", o)
	got := m.Asked()
	if got.Progress("applying"); got.Timeout != time.Second || !got.NoWait || !got.ForceConflicts || !said {
		t.Errorf("got %+v, said: %t", got, said)
	}
}

func TestErrors(t *testing.T) {
	m := newTarget(t)
	var nothing *publish.NothingError
	if _, err := publish.Promote(t.Context(), m, options()); !errors.As(err, &nothing) || nothing.Endpoint != "iris-prod" {
		t.Errorf("promote: %v", err)
	}
	if _, err := publish.Rollback(t.Context(), m, 0, options()); !errors.As(err, &nothing) {
		t.Errorf("rollback: %v", err)
	}
	deploy(t, m, "a", options())
	for to, want := range map[int]string{
		0: "iris-prod has served nothing else before: there is nothing to roll back to in its revisions (1)",
		7: "iris-prod has no revision 7; there are 1",
	} {
		_, err := publish.Rollback(t.Context(), m, to, options())
		var none *publish.NoRevisionError
		if !errors.As(err, &none) || err.Error() != want {
			t.Errorf("rollback to %d: %v", to, err)
		}
	}
	o := options()
	m.Broken, o.Timeout = "b", time.Millisecond
	got, err := publish.Deploy(t.Context(), m, release("b", ""), o)
	var unready *publish.NotReadyError
	if !errors.As(err, &unready) || unready.Restored != 1 || got.Revision.Number != 2 || got.Previous.Number != 1 || len(got.Changes) == 0 {
		t.Errorf("deploy: %+v, %v", got, err)
	}
	unknown := release("a", "")
	unknown.Target.Kind, unknown.Target.Spec = "nowhere", nil
	if _, err := publish.Deploy(t.Context(), m, unknown, options()); err == nil {
		t.Error("a kind that cannot be rendered was deployed")
	}
}

func revisions(t *testing.T, m target) []publish.Revision {
	t.Helper()
	out, err := m.Revisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func deploy(t *testing.T, m target, digit string, o publish.Options) *publish.Outcome {
	t.Helper()
	got, err := publish.Deploy(t.Context(), m, release(digit, ""), o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
