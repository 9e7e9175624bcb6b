//go:build integration

package registrytarget

import (
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	registrykind "github.com/deployfile/deployfile/manifests/registry"
	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-cmp/cmp"
)

// fixedTags is the front of a registry whose tags do not move.
func fixedTags(t *testing.T) string {
	t.Helper()
	r := registryOf(t)
	var writes sync.Mutex
	return front(t, r, func(w http.ResponseWriter, q *http.Request) bool {
		repository, tag := path.Split(strings.TrimPrefix(q.URL.Path, "/v2/"))
		if q.Method != http.MethodPut || path.Base(repository) != "manifests" || strings.HasPrefix(tag, "sha256") {
			return true
		}
		writes.Lock()
		defer writes.Unlock()
		if digest(t, r.Host+"/"+path.Dir(path.Dir(repository))+":"+tag) == "" {
			return true
		}
		refuse(w, http.StatusBadRequest, "TAG_INVALID", "tags cannot be overwritten")
		return false
	})
}

// TestFixedTags deploys to a registry whose tags do not move: the records are
// written once there.
func TestFixedTags(t *testing.T) {
	source, to := registryOf(t).Host+"/iris", fixedTags(t)+"/iris"
	one, two := push(t, source, image(t, "amd64", "one")), push(t, source, image(t, "amd64", "two"))
	e := open(t, to, "", "1")
	e.deploy(t, one)
	e.target.Spec = &registrykind.Spec{Tags: []string{"2"}}
	e.deploy(t, two)
	if diff := cmp.Diff([]int{2, 1}, e.numbers(t)); diff != "" {
		t.Error(diff)
	}
	if s := e.status(t); !s.Ready || s.Message != "" || digest(t, to+":2") != digestIn(two) {
		t.Errorf("the status is %+v", s)
	}
	if out := e.deploy(t, two); out.Action != publish.Unchanged {
		t.Errorf("the same again is %s: %v", out.Action, out.Changes)
	}
	if err := e.Delete(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestRenewal puts a deadline off, and keeps no artifact of before.
func TestRenewal(t *testing.T) {
	r := registryOf(t)
	e := open(t, r.Host+"/iris", "", "stable")
	out := e.deploy(t, push(t, r.Host+"/iris", image(t, "amd64", "renewed")))
	store, _ := e.Parts()
	record := publish.Record{Revision: out.Revision, Phase: publish.Applying, Attempt: "x", Facts: map[string]string{"other": "kept"}}
	record.Number, record.Deadline = 2, time.Now().Add(time.Minute).UTC().Truncate(time.Second)
	if err := store.Create(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	if err := store.Create(t.Context(), record); !errors.Is(err, publish.ErrExists) {
		t.Errorf("created twice: %v", err)
	}
	before := digest(t, r.Host+"/iris:iris-hub-r2")
	record.Deadline = record.Deadline.Add(time.Minute)
	if err := store.Update(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	records, err := store.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := slices.IndexFunc(records, func(r publish.Record) bool { return r.Number == 2 })
	if n < 0 {
		t.Fatalf("the record is not among %v", records)
	}
	if diff := cmp.Diff(record, records[n]); diff != "" {
		t.Error(diff)
	}
	if digest(t, r.Host+"/iris@"+before) != "" {
		t.Error("the artifact of before is left")
	}
	other := record
	other.Attempt = "y"
	if err := store.Update(t.Context(), other); !errors.Is(err, publish.ErrGone) {
		t.Errorf("another's record: %v", err)
	}
	for _, r := range []publish.Record{other, record, record} {
		if err := store.Delete(t.Context(), r); err != nil {
			t.Error(err)
		}
		if there := digest(t, e.target.Image+":iris-hub-r2") != ""; there != (r.Attempt == "y") {
			t.Errorf("after deleting %q it is there: %t", r.Attempt, there)
		}
	}
}
