package publish_test

import (
	"errors"
	"testing"

	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-cmp/cmp"
)

// TestOtherModel does not put one model in the place of another unless it is
// told to.
func TestOtherModel(t *testing.T) {
	m := newTarget(t)
	deploy(t, m, "1", options())
	r := release("2", "")
	r.Model = "wine"
	_, err := publish.Deploy(t.Context(), m, r, options())
	var other *publish.OtherModelError
	if !errors.As(err, &other) {
		t.Fatalf("the error is %v", err)
	}
	if diff := cmp.Diff(&publish.OtherModelError{Endpoint: "iris-prod", Serves: "iris", Model: "wine"}, other); diff != "" {
		t.Error(diff)
	}
	o := options()
	o.ForceConflicts = true
	if done, err := publish.Deploy(t.Context(), m, r, o); err != nil || done.Revision.State.Live.Model != "wine" {
		t.Errorf("by force: %+v, %v", done, err)
	}
}

// TestSameImages lets an image that is deployed by its name keep the lock that it
// was deployed with, and no other one, and the directory where its server starts.
func TestSameImages(t *testing.T) {
	m := newTarget(t)
	deploy(t, m, "a", options())
	first := release("f", "")
	first.ModelImage, first.WorkingDir, cluster.PodOf(first).ModelVolume = "registry.example.com/model@sha256:1", "/", true
	if _, err := publish.Deploy(t.Context(), m, first, options()); err != nil {
		t.Fatal(err)
	}
	first.LockDigest, first.WorkingDir = "", ""
	again, err := publish.Deploy(t.Context(), m, first, options())
	if err != nil || again.Revision.State.Live.WorkingDir != "/" {
		t.Errorf("%+v, %v", again, err)
	}
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
	canary := newTarget(t)
	for _, digit := range []string{"a", "b", "b"} {
		r := release(digit, "canary")
		if len(revisions(t, canary)) == 2 {
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

// TestLastRevision deploys after a revision that somebody else has given the highest
// number.
func TestLastRevision(t *testing.T) {
	m := newTarget(t)
	deploy(t, m, "a", options())
	store, _ := m.Connect()
	records, err := store.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	records[0].Number = publish.MaxRevision
	if err := store.Create(t.Context(), records[0]); err != nil {
		t.Fatal(err)
	}
	_, err = publish.Deploy(t.Context(), m, release("b", ""), options())
	var none *publish.LastRevisionError
	if !errors.As(err, &none) || none.Number != publish.MaxRevision {
		t.Errorf("after revision %d: %v", publish.MaxRevision, err)
	}
}
