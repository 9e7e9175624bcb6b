package kubernetes

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/manifests/cluster"
	kuberneteskind "github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/google/go-cmp/cmp"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

func example(text string) publish.Record {
	release := manifests.Release{
		Model: "iris", Version: "2", Image: "registry.example.com/iris@sha256:abc", Port: 8080, LockDigest: "sha256:1", FileDigest: "sha256:2",
		Target: deployfile.Target{Name: "prod", Kind: "kubernetes", Spec: &kuberneteskind.Spec{Autoscale: &cluster.Autoscale{Min: 1, Max: 2}}},
	}
	return publish.Record{
		Revision: publish.Revision{
			Number: 7, State: manifests.State{Live: manifests.Slot{Release: release}, Next: &manifests.Slot{Track: "canary", Release: release}},
			Documents: []manifests.Document{{Name: "a.yaml", Body: []byte(text)}, {Name: "b.yaml", Body: []byte("# b\n")}},
			By:        "ann@laptop", At: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
		},
		Phase: publish.Applying, Attempt: "x", Deadline: time.Date(2026, 11, 22, 13, 0, 0, 0, time.UTC),
	}
}

func TestRecord(t *testing.T) {
	// Unlike real documents, some that say nothing twice.
	var large strings.Builder
	random := rand.New(rand.NewPCG(1, 2))
	for large.Len() < 1_500_000 {
		fmt.Fprintf(&large, "- %d\n", random.IntN(100))
	}
	for name, text := range map[string]string{"small": "# a\n", "large": large.String()} {
		t.Run(name, func(t *testing.T) {
			want := example(text)
			encoded, err := encodeRecord(want, "iris-r7", map[string]string{labelInstance: "iris"})
			if err != nil {
				t.Fatal(err)
			}
			if len(encoded.Data.Raw) > 1_200_000 {
				t.Errorf("it has %d bytes", len(encoded.Data.Raw))
			}
			if plain := strings.Contains(string(encoded.Data.Raw), "# b"); plain != (name == "small") {
				t.Errorf("it can be read: %t", plain)
			}
			got, size, err := decodeRecord(encoded)
			if err != nil {
				t.Fatal(err)
			}
			if size < len(text) {
				t.Errorf("it says that it has %d bytes", size)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDamagedRecord(t *testing.T) {
	for name, damage := range map[string]struct{ data, annotation string }{
		"data":     {"[]", ""},
		"the time": {"", annotationAt},
	} {
		t.Run(name, func(t *testing.T) {
			encoded, err := encodeRecord(example("# a\n"), "iris-r7", nil)
			if err != nil {
				t.Fatal(err)
			}
			if damage.data != "" {
				encoded.Data.Raw = []byte(damage.data)
			}
			delete(encoded.Annotations, damage.annotation)
			if _, _, err := decodeRecord(encoded); err == nil {
				t.Error("it is no error")
			}
		})
	}
	for _, number := range []int64{-1, 0, math.MaxInt32 + 1, math.MaxInt64} {
		encoded, err := encodeRecord(example("# a\n"), "iris-r7", nil)
		if err != nil {
			t.Fatal(err)
		}
		encoded.Revision = number
		if _, _, err := decodeRecord(encoded); err == nil {
			t.Errorf("revision %d is no error", number)
		}
	}
}

// TestDeadline: what is deployed is locked for as long as it is still to remove
// something.
func TestDeadline(t *testing.T) {
	soon, past := time.Now().Add(time.Minute).UTC().Truncate(time.Second), example("").Deadline
	for _, tt := range []struct {
		phase          publish.Phase
		deadline, want time.Time
	}{
		{publish.Applying, soon, soon}, {publish.Applying, past, past}, {publish.Applying, time.Time{}, time.Time{}},
		{publish.Deployed, soon, soon}, {publish.Deployed, past, time.Time{}}, {publish.Deployed, time.Time{}, time.Time{}},
	} {
		r := example("")
		r.Phase, r.Deadline = tt.phase, tt.deadline
		encoded, err := encodeRecord(r, "iris-r7", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := decodeRecord(encoded); err != nil || !got.Deadline.Equal(tt.want) {
			t.Errorf("%s until %s: %s, %v", tt.phase, tt.deadline, got.Deadline, err)
		}
		encoded.Annotations[annotationDeadline] = "soon"
		if _, _, err := decodeRecord(encoded); err == nil {
			t.Error("a deadline that is no time is no error")
		}
	}
}
