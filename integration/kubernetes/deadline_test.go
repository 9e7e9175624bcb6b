//go:build integration

package kubernetes

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/cluster"
	keys "github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/publish"
)

// TestDeadlineExceeded is not held up by the condition that a rollout without
// end has left.
func TestDeadlineExceeded(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	soon := func(target *deployfile.Target) {
		pod(target).Patches = []keys.Patch{{Kind: "Deployment", Patch: "spec: {progressDeadlineSeconds: 2}"}}
	}
	l.deploy(p, l.version("one"))
	_, err := publish.Deploy(t.Context(), p, l.version("bad", soon, fate(cluster.NeverReady)), options(time.Minute))
	var failed *publish.NotReadyError
	if !errors.As(err, &failed) || failed.Restored != 1 || !strings.Contains(err.Error(), "there was no progress for 2 seconds: 0 of 2 new instances are ready") {
		t.Errorf("the error is %v", err)
	}
	// A Deployment that is paused is seen by the cluster, keeps the condition, and
	// gets no new ReplicaSet.
	paused := func(target *deployfile.Target) {
		pod(target).Patches = []keys.Patch{{Kind: "Deployment", Patch: "spec: {paused: true}"}}
	}
	for _, tt := range []struct {
		name   string
		change func(*deployfile.Target)
	}{{"two", func(*deployfile.Target) {}}, {"paused", paused}} {
		o := options(time.Minute)
		o.NoWait = true
		if _, err := publish.Deploy(t.Context(), p, l.version("not "+tt.name, soon, fate(cluster.NeverReady)), o); err != nil {
			t.Fatal(err)
		}
		exceeded := func() string {
			conditions, _, _ := unstructured.NestedSlice(l.deployment("iris").Object, "status", "conditions")
			if !strings.Contains(fmt.Sprint(conditions), "reason:ProgressDeadlineExceeded") {
				return fmt.Sprint("the conditions are ", conditions)
			}
			return ""
		}
		l.eventually(exceeded)
		o = options(time.Minute)
		o.Progress = func(line string) {
			if tt.name != "paused" || !strings.Contains(line, "new instances are not begun yet") {
				return
			}
			if complaint := exceeded(); complaint != "" {
				t.Error(complaint)
			}
			time.AfterFunc(2*time.Second, func() {
				if _, err := l.cluster.Client.AppsV1().Deployments(l.namespace).Patch(t.Context(), "iris", types.MergePatchType, []byte(`{"spec": {"paused": false}}`), metav1.PatchOptions{}); err != nil {
					t.Error(err)
				}
			})
		}
		if _, err := publish.Deploy(t.Context(), p, l.version(tt.name, tt.change), o); err != nil {
			t.Fatal(err)
		}
		l.serve(map[string]int{tt.name: 2})
	}
}
