package publish_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
	"github.com/google/go-cmp/cmp"
)

// target is a target in memory, and the connection to it.
type target struct {
	*publishtest.Memory
	*publish.Engine
}

func newTarget(t *testing.T) target {
	m := &publishtest.Memory{Term: lease}
	store, driver := m.Connect()
	return target{m, publish.NewEngine("iris-prod", checked{store, t}, driver)}
}

// checked is a publish.Store that complains of a record without what the verbs give
// it.
type checked struct {
	publish.Store
	t *testing.T
}

func (c checked) Create(ctx context.Context, r publish.Record) error {
	c.t.Helper()
	if want, err := manifests.Render(r.State); err != nil || !cmp.Equal(want, r.Documents) {
		c.t.Errorf("the documents are not those of the state: %v", err)
	}
	if r.By == "" || r.At.Nanosecond() != 0 || r.At.Location() != time.UTC {
		c.t.Errorf("applied by %q at %s", r.By, r.At)
	}
	return c.Store.Create(ctx, r)
}

// release is one whose image is told from others by a digit.
func release(digit, strategy string) manifests.Release {
	rollout := manifests.Rollout{Strategy: strategy}
	if strategy == manifests.StrategyCanary {
		rollout.Weight = 10
	}
	return manifests.Release{
		Model: "iris", Version: digit,
		Target: deployfile.Target{
			Name: "prod", Kind: "kubernetes", Endpoint: "iris-prod", Image: "registry.example.com/iris", Port: 8080,
			Spec: &kubernetes.Spec{Pod: cluster.Pod{Namespace: "models", Replicas: 2, Rollout: rollout}},
		},
		Image: "registry.example.com/iris@sha256:" + string(bytes.Repeat([]byte(digit), 64)),
		Port:  8080, User: "65532:65532", LockDigest: "sha256:1", FileDigest: "sha256:2",
	}
}

func options() publish.Options {
	return publish.Options{By: "anna@desk", At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))}
}
