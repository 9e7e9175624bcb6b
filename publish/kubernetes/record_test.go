package kubernetes

import (
	"context"
	"errors"
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

func example(text string) record {
	release := manifests.Release{
		Model: "iris", Version: "2", Image: "registry.example.com/iris@sha256:abc", Port: 8080, LockDigest: "sha256:1", FileDigest: "sha256:2",
		Target: deployfile.Target{Name: "prod", Kind: "kubernetes", Spec: &kuberneteskind.Spec{Autoscale: &cluster.Autoscale{Min: 1, Max: 2}}},
	}
	return record{
		Revision: publish.Revision{
			Number: 7, State: manifests.State{Live: manifests.Slot{Release: release}, Next: &manifests.Slot{Track: "canary", Release: release}},
			Documents: []manifests.Document{{Name: "a.yaml", Body: []byte(text)}, {Name: "b.yaml", Body: []byte("# b\n")}},
			By:        "ann@laptop", At: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
		},
		name: "iris-r7", phase: phaseApplying, attempt: "x", deadline: time.Date(2026, 11, 22, 13, 0, 0, 0, time.UTC),
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
			encoded, err := encodeRecord(want, map[string]string{labelInstance: "iris"})
			if err != nil {
				t.Fatal(err)
			}
			if len(encoded.Data.Raw) > 1_200_000 {
				t.Errorf("it has %d bytes", len(encoded.Data.Raw))
			}
			if plain := strings.Contains(string(encoded.Data.Raw), "# b"); plain != (name == "small") {
				t.Errorf("it can be read: %t", plain)
			}
			got, err := decodeRecord(encoded)
			if err != nil {
				t.Fatal(err)
			}
			if got.size < len(text) {
				t.Errorf("it says that it has %d bytes", got.size)
			}
			want.size = got.size
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(record{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDamagedRecord(t *testing.T) {
	for name, damage := range map[string]struct{ data, annotation string }{
		"data":     {"[]", ""},
		"the time": {"", annotationAt},
		"deadline": {"", annotationDeadline},
	} {
		t.Run(name, func(t *testing.T) {
			encoded, err := encodeRecord(example("# a\n"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if damage.data != "" {
				encoded.Data.Raw = []byte(damage.data)
			}
			delete(encoded.Annotations, damage.annotation)
			if _, err := decodeRecord(encoded); err == nil {
				t.Error("it is no error")
			}
		})
	}
	for _, number := range []int64{-1, 0, math.MaxInt32 + 1, math.MaxInt64} {
		encoded, err := encodeRecord(example("# a\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		encoded.Revision = number
		if _, err := decodeRecord(encoded); err == nil {
			t.Errorf("revision %d is no error", number)
		}
	}
}

// TestLastRevision lets nobody write a record that could not be read again.
func TestLastRevision(t *testing.T) {
	p := &Publisher{endpoint: "iris"}
	last := example("")
	last.Number, last.phase = publish.MaxRevision, phaseFailed
	_, err := p.begin(t.Context(), publish.Revision{}, []record{last})
	var none *publish.LastRevisionError
	if !errors.As(err, &none) || none.Number != publish.MaxRevision {
		t.Errorf("after revision %d: %v", last.Number, err)
	}
}

func TestExpired(t *testing.T) {
	var records []record
	for i := range 14 {
		r := example("")
		r.Number, r.phase = 14-i, phaseDeployed
		if i == 1 || i == 4 {
			r.phase = phaseFailed
		}
		records = append(records, r)
	}
	var got []int
	for _, r := range expired(records) {
		got = append(got, r.Number)
	}
	if diff := cmp.Diff([]int{13, 10, 2, 1}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFree(t *testing.T) {
	p := &Publisher{endpoint: "iris"}
	quiet := func(string, ...any) {}
	r := example("")
	r.deadline = time.Now().Add(lease)
	for phase, want := range map[string]bool{phaseApplying: true, phaseDeployed: false, phaseFailed: false} {
		r.phase = phase
		var busy *publish.BusyError
		if err := p.free(t.Context(), []record{r}, quiet); errors.As(err, &busy) != want || err != nil != want {
			t.Errorf("%s: %v", phase, err)
		}
	}
	if err := p.free(t.Context(), nil, quiet); err != nil {
		t.Error(err)
	}
	// That the lease has run out is not enough, nor that nobody sets such a one.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, deadline := range []time.Time{time.Now().Add(-time.Second), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		r.phase, r.deadline = phaseApplying, deadline
		if err := p.free(ctx, []record{r}, quiet); !errors.Is(err, context.Canceled) {
			t.Errorf("deadline %s: the error is %v", deadline, err)
		}
	}
}
