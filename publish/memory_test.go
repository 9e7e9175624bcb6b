package publish_test

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
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

func (m *memory) Delete(context.Context) error { return nil }

func (m *memory) Close() error { return nil }

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
