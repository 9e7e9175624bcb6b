//go:build integration

package registrytarget

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/registryclient"
	registrykind "github.com/deployfile/deployfile/manifests/registry"
	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-cmp/cmp"
)

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
	e.target.Spec = &registrykind.Spec{Tags: []string{"stable"}}
	out = e.deploy(t, two)
	want = []publish.Change{
		{Action: "create", Object: "Image " + to + "@" + digestIn(two), Diff: "+" + two},
		{Action: "update", Object: "Tag " + to + ":stable", Diff: "-" + digestIn(one) + "\n+" + digestIn(two)},
		{Action: "delete", Object: "Tag " + to + ":v1", Diff: "-" + digestIn(one)},
	}
	if diff := cmp.Diff(want, out.Changes); diff != "" {
		t.Error(diff)
	}
	if digest(t, to+":stable") != digestIn(two) || digest(t, to+":v1") != "" || digest(t, to+":iris-hub-r1-image") != digestIn(one) {
		t.Errorf("the tags are %v", tags(t, to))
	}
	revisions, err := e.Revisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]publish.Revision{out.Revision, *out.Previous}, revisions); diff != "" {
		t.Errorf("the history is not what was deployed:\n%s", diff)
	}

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

	if err := registryclient.Tag(t.Context(), to+"@"+digestIn(two), "stable"); err != nil {
		t.Fatal(err)
	}
	if s := e.status(t); s.Ready || !strings.Contains(s.Message, "tag stable names "+digestIn(two)+", not "+digestIn(one)) {
		t.Errorf("after another has moved a tag the status is %+v", s)
	}

	if err := registryclient.Tag(t.Context(), to+"@"+digestIn(two), "mine"); err != nil {
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
	var none *registryclient.NoImageError
	if !errors.As(err, &none) || none.Image != three {
		t.Errorf("an image that is not there: %v", err)
	}
}

// TestConflict finds a tag that somebody else has set.
func TestConflict(t *testing.T) {
	source, to := registryOf(t).Host+"/iris", registryOf(t).Host+"/iris"
	theirs := push(t, to, image(t, "amd64", "theirs"))
	if err := registryclient.Tag(t.Context(), theirs, "stable"); err != nil {
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
	o.ForceConflicts, o.DryRun = true, true
	planned, err := publish.Deploy(t.Context(), e, e.release(ours), o)
	if err != nil {
		t.Fatal(err)
	}
	want := publish.Change{
		Action: "update", Object: "Tag " + to + ":stable", Diff: "-" + digestIn(theirs) + "\n+" + digestIn(ours),
		Conflicts: []string{"it names " + digestIn(theirs) + ", which was not deployed as iris-hub"},
	}
	if diff := cmp.Diff(want, planned.Changes[len(planned.Changes)-1]); diff != "" {
		t.Error(diff)
	}
	o.DryRun = false
	if _, err := publish.Deploy(t.Context(), e, e.release(ours), o); err != nil {
		t.Fatal(err)
	}
	if digest(t, to+":stable") != digestIn(ours) {
		t.Error("--force-conflicts does not move the tag")
	}
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
	if digest(t, to+":iris-hub-r1-image") != digest(t, to+":stable") {
		t.Error("the tag of the revision's image does not name it")
	}
	if err := e.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := tags(t, to); len(left) > 0 {
		t.Errorf("the tags %v are left", left)
	}
}
