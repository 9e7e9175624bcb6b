package publish_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/manifests/docker"
	"github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-cmp/cmp"
)

// memory is a target that keeps what it is told, and complains of a caller who
// tells it what the contract of publish.Publisher does not have.
type memory struct {
	t *testing.T
	// revisions are newest first, serving the documents that are there.
	revisions []publish.Revision
	serving   []manifests.Document
	// fails is what the next Apply returns.
	fails error
	// starting is how often Status still says that it does not serve.
	starting int
	// options are those of the last Apply.
	options publish.ApplyOptions
}

var _ publish.Publisher = (*memory)(nil)

func (m *memory) Revisions(context.Context) ([]publish.Revision, error) {
	return slices.Clone(m.revisions), nil
}

func (m *memory) Diff(_ context.Context, documents []manifests.Document) ([]publish.Change, error) {
	var out []publish.Change
	for _, d := range documents {
		n := slices.IndexFunc(m.serving, func(s manifests.Document) bool { return s.Name == d.Name })
		switch {
		case n < 0:
			out = append(out, publish.Change{Action: "create", Object: d.Name})
		case !bytes.Equal(m.serving[n].Body, d.Body):
			out = append(out, publish.Change{Action: "update", Object: d.Name})
		}
	}
	for _, s := range m.serving {
		if !slices.ContainsFunc(documents, func(d manifests.Document) bool { return s.Name == d.Name }) {
			out = append(out, publish.Change{Action: "delete", Object: s.Name})
		}
	}
	return out, nil
}

func (m *memory) Apply(_ context.Context, r publish.Revision, o publish.ApplyOptions) error {
	m.t.Helper()
	newest := 0
	if len(m.revisions) > 0 {
		newest = m.revisions[0].Number
	}
	if r.Number <= newest {
		m.t.Errorf("revision %d applied after %d", r.Number, newest)
	}
	if want, err := manifests.Render(r.State); err != nil || !cmp.Equal(want, r.Documents) {
		m.t.Errorf("the documents are not those of the state: %v", err)
	}
	if r.By == "" || r.At.Nanosecond() != 0 || r.At.Location() != time.UTC {
		m.t.Errorf("applied by %q at %s", r.By, r.At)
	}
	o.Progress("applying")
	m.options = o
	if m.fails != nil {
		return m.fails
	}
	m.revisions = append([]publish.Revision{r}, m.revisions...)
	m.serving = r.Documents
	return nil
}

func (m *memory) Status(context.Context) (*publish.Status, error) {
	m.starting--
	if m.starting < 0 {
		return &publish.Status{Ready: true}, nil
	}
	return &publish.Status{Message: "it starts"}, nil
}

func (m *memory) Removals(context.Context) ([]publish.Change, error) { return nil, nil }
func (m *memory) Delete(context.Context) error                       { return nil }
func (m *memory) Close() error                                       { return nil }

// release is one whose image is told from others by a digit.
func release(digit, strategy string) manifests.Release {
	rollout := manifests.Rollout{Strategy: strategy}
	if strategy == manifests.StrategyCanary {
		rollout.Weight = 10
	}
	return manifests.Release{
		Model: "iris",
		Target: deployfile.Target{
			Name: "prod", Kind: "kubernetes", Endpoint: "iris-prod", Image: "registry.example.com/iris", Port: 8080,
			Spec: &kubernetes.Spec{Pod: cluster.Pod{Namespace: "models", Replicas: 2, Rollout: rollout}},
		},
		Image: "registry.example.com/iris@sha256:" + string(bytes.Repeat([]byte(digit), 64)),
		Port:  8080, User: "65532:65532", LockDigest: "sha256:1", FileDigest: "sha256:2",
	}
}

func options() publish.Options {
	return publish.Options{Endpoint: "iris-prod", By: "anna@desk", At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))}
}

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
			m := &memory{t: t}
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
	m := &memory{t: t}
	deploy(t, m, "a", options())
	m.serving = m.serving[1:]
	if got := deploy(t, m, "a", options()); got.Action != publish.Applied || got.Revision.Number != 2 {
		t.Errorf("%s, revision %d", got.Action, got.Revision.Number)
	}
}

// Going back passes over revisions that served what is served now.
func TestRollbackPastTheSame(t *testing.T) {
	m := &memory{t: t}
	deploy(t, m, "a", options())
	deploy(t, m, "b", options())
	m.serving = nil
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
		m := &memory{t: t}
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
	m := &memory{t: t}
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
	if len(m.revisions) != 2 {
		t.Errorf("%d revisions, want 2", len(m.revisions))
	}
}

// What is deployed and does not serve yet is waited for.
func TestUnchangedButNotReady(t *testing.T) {
	m := &memory{t: t}
	deploy(t, m, "a", options())
	m.starting = 1
	o := options()
	said := ""
	o.Progress = func(line string) { said += line }
	if got := deploy(t, m, "a", o); got.Action != publish.Unchanged || said != "it starts" || m.starting != -1 {
		t.Errorf("%s, said %q, asked until %d", got.Action, said, m.starting)
	}
	m.starting = 1000
	o.NoWait = true
	if got := deploy(t, m, "a", o); got.Action != publish.Unchanged || m.starting != 1000 {
		t.Errorf("%s, asked until %d", got.Action, m.starting)
	}
	o.NoWait, o.Timeout = false, time.Millisecond
	_, err := publish.Deploy(t.Context(), m, release("a", ""), o)
	if want := "revision 1 of iris-prod is what was asked for, and is not ready (not within 1ms): it starts"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestOptionsArePassedOn(t *testing.T) {
	m := &memory{t: t}
	o := options()
	said := ""
	o.ApplyOptions = publish.ApplyOptions{Timeout: time.Second, NoWait: true, ForceConflicts: true, Progress: func(line string) { said = line }}
	deploy(t, m, "a", o)
	if got := m.options; got.Timeout != time.Second || !got.NoWait || !got.ForceConflicts || said != "applying" {
		t.Errorf("got %+v, said %q", got, said)
	}
}

func TestErrors(t *testing.T) {
	m := &memory{t: t}
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
	m.fails = &publish.NotReadyError{Endpoint: "iris-prod", Reason: "it crashes", Restored: 1}
	got, err := publish.Deploy(t.Context(), m, release("b", ""), options())
	if !errors.Is(err, m.fails) || got.Revision.Number != 2 || got.Previous.Number != 1 || len(got.Changes) == 0 {
		t.Errorf("deploy: %+v, %v", got, err)
	}
	unknown := release("a", "")
	unknown.Target.Kind, unknown.Target.Spec = "nowhere", nil
	if _, err := publish.Deploy(t.Context(), m, unknown, options()); err == nil {
		t.Error("a kind that cannot be rendered was deployed")
	}
}

func deploy(t *testing.T, m *memory, digit string, o publish.Options) *publish.Outcome {
	t.Helper()
	got, err := publish.Deploy(t.Context(), m, release(digit, ""), o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestOtherModel does not put one model in the place of another unless it is
// told to.
func TestOtherModel(t *testing.T) {
	m := memory{t: t}
	deploy(t, &m, "1", options())
	r := release("2", "")
	r.Model = "wine"
	_, err := publish.Deploy(t.Context(), &m, r, options())
	var other *publish.OtherModelError
	if !errors.As(err, &other) {
		t.Fatalf("the error is %v", err)
	}
	if diff := cmp.Diff(&publish.OtherModelError{Endpoint: "iris-prod", Serves: "iris", Model: "wine"}, other); diff != "" {
		t.Error(diff)
	}
	o := options()
	o.ForceConflicts = true
	if done, err := publish.Deploy(t.Context(), &m, r, o); err != nil || done.Revision.State.Live.Model != "wine" {
		t.Errorf("by force: %+v, %v", done, err)
	}
}

// TestLockOf lets an image that is deployed by its name keep the lock that it
// was deployed with, and no other one.
func TestLockOf(t *testing.T) {
	m := &memory{t: t}
	deploy(t, m, "a", options())
	for _, test := range []struct{ digit, model, lock string }{
		{"b", "", ""},
		{"a", "", "sha256:1"},
		{"a", "registry.example.com/model@sha256:1", ""},
	} {
		r := release(test.digit, "")
		r.LockDigest, r.ModelImage, cluster.PodOf(r).ModelVolume = "", test.model, test.model != ""
		got, err := publish.Deploy(t.Context(), m, r, options())
		if err != nil {
			t.Fatal(err)
		}
		if got.Revision.State.Live.LockDigest != test.lock {
			t.Errorf("image %s, model %q: lock %q", test.digit, test.model, got.Revision.State.Live.LockDigest)
		}
	}
	canary := &memory{t: t}
	for _, digit := range []string{"a", "b", "b"} {
		r := release(digit, "canary")
		if len(canary.revisions) == 2 {
			r.LockDigest = ""
		}
		got, err := publish.Deploy(t.Context(), canary, r, options())
		if err != nil {
			t.Fatal(err)
		}
		if lock := got.Revision.State.Newest().LockDigest; lock != "sha256:1" {
			t.Errorf("canary %s: lock %q", digit, lock)
		}
	}
}

// TestLastRevision deploys after a revision that a stranger has given the highest
// number.
func TestLastRevision(t *testing.T) {
	m := &memory{t: t}
	deploy(t, m, "a", options())
	m.revisions[0].Number = publish.MaxRevision
	_, err := publish.Deploy(t.Context(), m, release("b", ""), options())
	var none *publish.LastRevisionError
	if !errors.As(err, &none) || none.Number != publish.MaxRevision {
		t.Errorf("after revision %d: %v", publish.MaxRevision, err)
	}
}
