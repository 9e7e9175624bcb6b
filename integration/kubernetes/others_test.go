//go:build integration

package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	kubernetesspec "github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/cluster"
	"github.com/deployfile/deployfile/publish"
)

// TestTwoAtOnce lets one of two deployments through.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.deploy(l.open(), l.version("zero"))
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i := range errs {
		p := l.open()
		both.Go(func() {
			_, errs[i] = publish.Deploy(t.Context(), p, l.version(fmt.Sprint("of ", i)), options(time.Minute))
		})
	}
	both.Wait()
	var busy *publish.BusyError
	winner := 0
	switch {
	case errs[0] == nil && errors.As(errs[1], &busy):
	case errs[1] == nil && errors.As(errs[0], &busy):
		winner = 1
	default:
		t.Fatalf("the errors are %v and %v", errs[0], errs[1])
	}
	if busy.By != "ann@laptop" || busy.Endpoint != "iris" || time.Since(busy.Since) > time.Minute {
		t.Errorf("the error is %+v", busy)
	}
	l.serve(map[string]int{fmt.Sprint("of ", winner): 2})
	if diff := cmp.Diff([]string{"ControllerRevision/iris-r1", "ControllerRevision/iris-r2", "Deployment/iris", "Service/iris"}, names(l.objects())); diff != "" {
		t.Error(diff)
	}
}

// TestBrokenOff takes over from a deployment that ended without a word.
func TestBrokenOff(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	l.deploy(p, l.version("one"))
	// The record of the broken deployment is a real one with another phase.
	l.deploy(p, l.version("two", func(target *deployfile.Target) {
		kube(target).Ingress = &kubernetesspec.Ingress{Host: "iris.example.com", Path: "/"}
	}))
	for _, tt := range []struct {
		deadline time.Time
		busy     bool
	}{
		{time.Now().Add(time.Minute), true},
		{time.Now().Add(-time.Second), false},
	} {
		patch := fmt.Sprintf(`{"metadata": {"annotations": {"deployfile.github.io/phase": "applying", "deployfile.github.io/deadline": %q}}}`, tt.deadline.UTC().Format(time.RFC3339))
		if _, err := l.cluster.Client.AppsV1().ControllerRevisions(l.namespace).Patch(t.Context(), "iris-r2", types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		status, err := p.Status(t.Context())
		if err != nil || status.Revision.Number != 1 || !strings.Contains(status.Message, "revision 2") {
			t.Errorf("the status is %+v, %v", status, err)
		}
		_, err = publish.Deploy(t.Context(), p, l.version("three"), options(time.Minute))
		var busy *publish.BusyError
		if errors.As(err, &busy) != tt.busy || err != nil != tt.busy {
			t.Errorf("with the deadline %s the error is %v", tt.deadline, err)
		}
	}
	if diff := cmp.Diff([]string{"ControllerRevision/iris-r1", "ControllerRevision/iris-r3", "Deployment/iris", "Service/iris"}, names(l.objects())); diff != "" {
		t.Error(diff)
	}
	l.serve(map[string]int{"three": 2})
}

// TestConflict does not overwrite what others have set, unless it is told to.
func TestConflict(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	l.deploy(p, l.version("one"))
	patch := []byte(`{"spec": {"replicas": 3}}`)
	if _, err := l.cluster.Client.AppsV1().Deployments(l.namespace).Patch(t.Context(), "iris", types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "kubectl-edit"}); err != nil {
		t.Fatal(err)
	}
	l.serve(map[string]int{"one": 3})
	before := l.objects()
	for range 2 {
		_, err := publish.Deploy(t.Context(), p, l.version("two"), options(time.Minute))
		var conflict *publish.ConflictError
		if !errors.As(err, &conflict) {
			t.Fatalf("the error is %v", err)
		}
		want := &publish.ConflictError{Object: "Deployment " + l.namespace + "/iris", Details: []string{`spec.replicas ("kubectl-edit" using apps/v1)`}}
		if diff := cmp.Diff(want, conflict); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(before, l.objects()); diff != "" {
			t.Error(diff)
		}
	}
	changes, err := p.Diff(t.Context(), rendered(t, l.version("one")))
	if err != nil {
		t.Fatal(err)
	}
	want := []publish.Change{{
		Action: "update", Object: "Deployment " + l.namespace + "/iris", Diff: "-spec.replicas: 3\n+spec.replicas: 2",
		Conflicts: []string{`spec.replicas ("kubectl-edit" using apps/v1)`},
	}}
	if diff := cmp.Diff(want, changes); diff != "" {
		t.Error(diff)
	}
	o := options(time.Minute)
	o.ForceConflicts = true
	if _, err := publish.Deploy(t.Context(), p, l.version("two"), o); err != nil {
		t.Fatal(err)
	}
	l.serve(map[string]int{"two": 2})
}

// TestUnmanaged does not take over what was there before the endpoint.
func TestUnmanaged(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	service := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "iris"},
		"spec": map[string]any{"type": "ExternalName", "externalName": "iris.example.com"},
	}}
	if _, err := l.cluster.Dynamic.Resource(services()).Namespace(l.namespace).Create(t.Context(), service, metav1.CreateOptions{FieldManager: "kubectl-create"}); err != nil {
		t.Fatal(err)
	}
	before := l.objects()
	_, err := publish.Deploy(t.Context(), p, l.version("one"), options(time.Minute))
	var conflict *publish.ConflictError
	if !errors.As(err, &conflict) || !strings.Contains(err.Error(), "not part of the endpoint iris (made by kubectl-create)") {
		t.Errorf("the error is %v", err)
	}
	changes, err := p.Diff(t.Context(), rendered(t, l.version("one")))
	if err != nil {
		t.Fatal(err)
	}
	conflicts := map[string][]string{}
	for _, c := range changes {
		conflicts[c.Action] = append(conflicts[c.Action], c.Conflicts...)
	}
	want := map[string][]string{"create": nil, "update": {"it is there and not part of the endpoint iris (made by kubectl-create)"}}
	if diff := cmp.Diff(want, conflicts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, l.objects()); diff != "" {
		t.Error(diff)
	}
}

// TestDeletedMeanwhile finds out that somebody deletes what is deployed.
func TestDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	o := options(time.Minute)
	o.Progress = func(line string) {
		if strings.Contains(line, "instances are ready") {
			_ = l.cluster.Client.AppsV1().Deployments(l.namespace).Delete(t.Context(), "iris", metav1.DeleteOptions{})
		}
	}
	_, err := publish.Deploy(t.Context(), p, l.version("one", fate(cluster.NeverReady)), o)
	if err == nil || !strings.Contains(err.Error(), "somebody has deleted it") {
		t.Errorf("the error is %v", err)
	}
	l.gone()
}

// TestAsleep leaves to another deployment what has taken over from one that was
// stopped for longer than it was allowed to take.
func TestAsleep(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	l.deploy(p, l.version("one"))
	var once sync.Once
	o := options(6 * time.Second)
	o.Progress = func(line string) {
		if !strings.Contains(line, "instances are ready") {
			return
		}
		once.Do(func() {
			patch := `{"metadata": {"annotations": {"deployfile.github.io/phase": "failed"}}}`
			if _, err := l.cluster.Client.AppsV1().ControllerRevisions(l.namespace).Patch(t.Context(), "iris-r2", types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
				t.Error(err)
			}
			other := options(time.Minute)
			other.NoWait = true
			if _, err := publish.Deploy(t.Context(), l.open(), l.version("three", fate(cluster.NeverReady)), other); err != nil {
				t.Error(err)
			}
		})
	}
	_, err := publish.Deploy(t.Context(), p, l.version("two", fate(cluster.NeverReady)), o)
	var busy *publish.BusyError
	if !errors.As(err, &busy) {
		t.Errorf("the error is %v", err)
	}
	if version := l.deployment("iris").GetLabels()["app.kubernetes.io/version"]; version != "three" {
		t.Errorf("version %s is there", version)
	}
	revisions, err := p.Revisions(t.Context())
	if err != nil || len(revisions) != 2 || revisions[0].Number != 3 {
		t.Errorf("the revisions are %v, %v", revisions, err)
	}
}

// TestRenewed holds the lock of a deployment for as long as it goes on, and no
// longer than a little.
func TestRenewed(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	deadline := func() time.Time {
		record, err := l.cluster.Client.AppsV1().ControllerRevisions(l.namespace).Get(t.Context(), "iris-r1", metav1.GetOptions{})
		if err != nil {
			return time.Time{}
		}
		at, err := time.Parse(time.RFC3339, record.Annotations["deployfile.github.io/deadline"])
		if err != nil {
			t.Error(err)
		}
		return at
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		_, _ = publish.Deploy(ctx, p, l.version("one", fate(cluster.NeverReady)), options(time.Hour))
	})
	defer running.Wait()
	defer cancel()
	var first time.Time
	l.eventually(func() string {
		if first = deadline(); first.IsZero() {
			return "there is no record"
		}
		return ""
	})
	if until := time.Until(first); until > time.Minute {
		t.Errorf("the lock is held for %s", until)
	}
	l.eventually(func() string {
		if !deadline().After(first) {
			return "it is not renewed"
		}
		return ""
	})
}
