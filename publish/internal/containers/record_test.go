package containers

import (
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/docker"
	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-cmp/cmp"
)

// TestRecord reads a record back from a revision and the labels beside it.
func TestRecord(t *testing.T) {
	want := publish.Record{
		Revision: publish.Revision{
			Number: 7, By: "ada@example", At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			State: manifests.State{Live: manifests.Slot{Release: manifests.Release{
				Model: "iris", Image: "registry.example.com/iris@sha256:1",
				Target: deployfile.Target{Name: "local", Kind: "docker", Endpoint: "iris-local", Spec: &docker.Spec{}},
			}}},
			Documents: documents("name: iris\n"),
		},
		Attempt: "x", Deadline: time.Date(2026, 1, 2, 3, 9, 5, 0, time.UTC),
		Facts: map[string]string{FactBrought: "yes"},
	}
	revision, err := publish.EncodeRevision(want.Revision)
	if err != nil {
		t.Fatal(err)
	}
	labels := Labels(want)
	got, err := Decode(revision, labels)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	labels[LabelDeadline] = "soon"
	if _, err := Decode(revision, labels); err == nil || !strings.Contains(err.Error(), LabelDeadline) {
		t.Errorf("a deadline that is not a time: %v", err)
	}
}
