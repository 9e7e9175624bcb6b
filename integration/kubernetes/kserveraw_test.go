//go:build integration

package kubernetes

import (
	"context"
	"errors"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	keys "github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/manifests/kserve"
	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/cluster"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/kubernetes"
)

// kserveRaw acts as KServe 0.20 does in raw mode, as recorded of it: it makes a
// Deployment, and reports the Deployment's conditions and observedGeneration as
// those of the InferenceService, a moment after either was changed. While it is
// away it does nothing.
func (l *lab) kserveRaw(away *atomic.Bool) {
	l.Helper()
	l.reportInferenceServices(func(ctx context.Context, item *unstructured.Unstructured) map[string]any {
		if away.Load() {
			return nil
		}
		d, err := l.deployed(ctx, item)
		if err != nil {
			return nil // the next round tries again
		}
		return rawStatus(d)
	})
}

// deployed is the Deployment of an InferenceService, which it makes so.
func (l *lab) deployed(ctx context.Context, service *unstructured.Unstructured) (*appsv1.Deployment, error) {
	content, _, err := unstructured.NestedMap(service.Object, "spec", "predictor")
	if err != nil {
		return nil, err
	}
	var pod corev1.PodSpec
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, &pod); err != nil {
		return nil, err
	}
	name := service.GetName() + "-predictor"
	selector := map[string]string{"app": "isvc." + name}
	labels := map[string]string{"serving.kserve.io/inferenceservice": service.GetName()}
	maps.Copy(labels, selector)
	maps.Copy(labels, service.GetLabels())
	deployments := l.cluster.Client.AppsV1().Deployments(l.namespace)
	d, err := deployments.Get(ctx, name, metav1.GetOptions{})
	fresh := apierrors.IsNotFound(err)
	if err != nil && !fresh {
		return nil, err
	}
	if fresh {
		d = &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: name}}
		owner := *metav1.NewControllerRef(service, service.GroupVersionKind())
		d.OwnerReferences = []metav1.OwnerReference{owner}
		d.Spec.Selector = &metav1.LabelSelector{MatchLabels: selector}
	}
	d.Labels = labels
	d.Spec.Template = corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: service.GetAnnotations()}, Spec: pod}
	if fresh {
		return deployments.Create(ctx, d, metav1.CreateOptions{})
	}
	return deployments.Update(ctx, d, metav1.UpdateOptions{})
}

// rawStatus is what KServe says while that is the Deployment's status.
func rawStatus(d *appsv1.Deployment) map[string]any {
	ready := map[string]any{"type": "Ready", "status": "False"}
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentAvailable {
			ready["status"] = string(c.Status)
		}
	}
	return map[string]any{
		"conditions":     []any{ready, map[string]any{"type": "Stopped", "status": "False", "severity": "Info"}},
		"deploymentMode": "Standard", "observedGeneration": d.Status.ObservedGeneration,
		"url": "http://iris-models.example.com",
	}
}

// TestKServeRaw deploys where KServe calls a new version ready while only the
// old one is, and counts generations that are not the InferenceService's.
func TestKServeRaw(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var away atomic.Bool
	l.kserveRaw(&away)
	raw := func(more ...func(*deployfile.Target)) func(*deployfile.Target) {
		return func(target *deployfile.Target) {
			onKServe(target, kserve.ModeRaw)
			pod(target).Replicas, pod(target).Resources.CPU = 1, "10m"
			for _, f := range more {
				f(target)
			}
		}
	}
	target := l.target()
	raw()(&target)
	p := l.connect(l.cluster.Kubeconfig, target)
	l.deploy(p, l.version("one", raw()))
	l.serve(map[string]int{"one": 1})

	// What does not change the pods changes no Deployment.
	autoscaled := raw(func(t *deployfile.Target) {
		pod(t).Replicas = 0
		serving(t).Autoscale = &kserve.Autoscale{Autoscale: keys.Autoscale{Min: 1, Max: 3, CPU: 80}}
	})
	for range 2 {
		l.deploy(p, l.version("one", autoscaled))
		l.deploy(p, l.version("one", raw()))
	}
	before := l.images()
	for name, x := range map[string]struct {
		fate    cluster.Fate
		timeout time.Duration
		want    string
	}{
		"crash":       {cluster.Crash, time.Minute, "its server has ended 3 times"},
		"never ready": {cluster.NeverReady, 5 * time.Second, "0 of 1 new instances are ready"},
	} {
		_, err := publish.Deploy(t.Context(), p, l.version("bad "+name, raw(fate(x.fate))), options(x.timeout))
		var failed *publish.NotReadyError
		if !errors.As(err, &failed) || failed.Restored != 5 || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: the error is %v", name, err)
		}
		if diff := cmp.Diff(before, l.images()); diff != "" {
			t.Error(diff)
		}
	}
	l.deploy(p, l.version("two", raw()))
	if got := l.images()[strings.Repeat("0", 58)+"74776f"]; got != 1 {
		t.Errorf("%d pods of the second version are ready: %v", got, l.images())
	}

	// KServe starts again, which takes it longer than to look at a change.
	away.Store(true)
	defer time.AfterFunc(17*time.Second, func() { away.Store(false) }).Stop()
	l.deploy(p, l.version("three", raw()))
	if got := l.images()[strings.Repeat("0", 54)+"7468726565"]; got != 1 {
		t.Errorf("%d pods of the third version are ready: %v", got, l.images())
	}
	status, err := p.Status(t.Context())
	if err != nil || !status.Ready {
		t.Errorf("the status is %+v, %v", status, err)
	}
	if err := p.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.gone()
}

// TestKServeRawPermission finds out that KServe's Deployments may not be seen.
func TestKServeRawPermission(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.cluster.DefineKServe(t)
	kubeconfig := l.cluster.User(t, l.namespace,
		rbacv1.PolicyRule{APIGroups: []string{"serving.kserve.io"}, Resources: []string{"*"}, Verbs: []string{"*"}},
		rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"controllerrevisions", "replicasets"}, Verbs: []string{"*"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"*"}})
	serverless := func(target *deployfile.Target) { onKServe(target, kserve.ModeServerless) }
	target := l.target()
	serverless(&target)
	p := l.connect(kubeconfig, target)
	_, err := publish.Deploy(t.Context(), p, l.version("one", serverless, func(target *deployfile.Target) { serving(target).Mode = kserve.ModeRaw }), options(time.Minute))
	var denied *kubernetes.PermissionError
	if !errors.As(err, &denied) || !cmp.Equal(denied.Missing, []string{"list deployments.apps"}) {
		t.Errorf("the error is %v", err)
	}
}
