//go:build integration

package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/manifests/kserve"
	kubernetesspec "github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

func inferenceServices() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "serving.kserve.io", Version: "v1beta1", Resource: "inferenceservices"}
}

// kserve acts as KServe does: it reports every InferenceService of the
// namespace as ready, or as what fails says of it, a moment after it was
// changed.
func (l *lab) kserve(fails func(image string) string) {
	l.Helper()
	l.reportInferenceServices(func(_ context.Context, item *unstructured.Unstructured) map[string]any {
		condition := map[string]any{"type": "Ready", "status": "True"}
		containers, _, _ := unstructured.NestedSlice(item.Object, "spec", "predictor", "containers")
		image, _ := containers[0].(map[string]any)["image"].(string)
		if why := fails(image); why != "" {
			condition = map[string]any{"type": "Ready", "status": "False", "reason": "RevisionFailed", "message": why}
		}
		return map[string]any{
			"conditions": []any{condition},
			// It is that of the Knative Service.
			"observedGeneration": int64(1), "url": "http://iris.models.example.com",
			"components": map[string]any{"predictor": map[string]any{"latestCreatedRevision": fmt.Sprintf("iris-predictor-%05d", item.GetGeneration())}},
		}
	})
}

// reportInferenceServices gives every InferenceService of the namespace the status
// that answer says, unless that is nil, until the test ends.
func (l *lab) reportInferenceServices(answer func(context.Context, *unstructured.Unstructured) map[string]any) {
	l.Helper()
	l.cluster.DefineKServe(l.T)
	services := l.cluster.Dynamic.Resource(inferenceServices()).Namespace(l.namespace)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	l.Cleanup(func() { cancel(); <-done })
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			time.Sleep(200 * time.Millisecond)
			list, err := services.List(ctx, metav1.ListOptions{})
			if err != nil {
				continue // the next round tries again
			}
			for _, item := range list.Items {
				status := answer(ctx, &item)
				if status == nil || cmp.Equal(item.Object["status"], any(status)) {
					continue
				}
				item.Object["status"] = status
				_, _ = services.UpdateStatus(ctx, &item, metav1.UpdateOptions{})
			}
		}
	}()
}

func TestKServe(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	serverless := func(target *deployfile.Target) { onKServe(target, kserve.ModeServerless) }
	bad := l.version("bad", serverless)
	l.kserve(func(image string) string {
		if image == bad.Image {
			return "the revision did not come up"
		}
		return ""
	})
	target := l.target()
	serverless(&target)
	p := l.connect(l.cluster.Kubeconfig, target)
	l.deploy(p, l.version("one", serverless))
	status, err := p.Status(t.Context())
	if err != nil || !status.Ready || status.URL != "http://iris.models.example.com" {
		t.Errorf("the status is %+v, %v", status, err)
	}
	if outcome := l.deploy(p, l.version("one", serverless)); outcome.Action != publish.Unchanged {
		t.Errorf("again: %+v", outcome)
	}
	spec := func() any {
		service, err := l.cluster.Dynamic.Resource(inferenceServices()).
			Namespace(l.namespace).Get(t.Context(), "iris", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return service.Object["spec"]
	}
	before := spec()

	_, err = publish.Deploy(t.Context(), p, bad, options(3*time.Second))
	var failed *publish.NotReadyError
	if !errors.As(err, &failed) || failed.Restored != 1 || !strings.Contains(err.Error(), "the revision did not come up") {
		t.Errorf("the error is %v", err)
	}
	if diff := cmp.Diff(before, spec()); diff != "" {
		t.Error(diff)
	}

	// A pod of the new version says more than KServe does, and sooner.
	l.pod("iris-predictor-00002", map[string]string{"serving.kserve.io/inferenceservice": "iris"}, "crash")
	o := options(time.Minute)
	begin := time.Now()
	o.Progress = func(line string) {
		if strings.Contains(line, "did not come up") {
			l.pod("iris-predictor-00003", map[string]string{"serving.kserve.io/inferenceservice": "iris", "app.kubernetes.io/instance": "iris"}, "crash")
		}
	}
	_, err = publish.Deploy(t.Context(), p, bad, o)
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "its server has ended 3 times") || !strings.Contains(err.Error(), "No module named 'sklearn'") {
		t.Errorf("the error is %v", err)
	}
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	if err := p.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if revisions, err := p.Revisions(t.Context()); err != nil || len(revisions) > 0 {
		t.Errorf("after the deletion there are %v, %v", revisions, err)
	}
	if err := l.cluster.Client.CoreV1().Pods(l.namespace).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	l.gone()
}

// TestKServeCanary says to KServe what the newest version is and its share of
// the requests: KServe keeps the one before.
func TestKServeCanary(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.kserve(func(string) string { return "" })
	canary := func(target *deployfile.Target) {
		onKServe(target, kserve.ModeServerless)
		pod(target).Strategy, pod(target).Weight = "canary", 25
	}
	target := l.target()
	canary(&target)
	p := l.connect(l.cluster.Kubeconfig, target)
	says := func(version string, percent any) {
		t.Helper()
		service, err := l.cluster.Dynamic.Resource(inferenceServices()).Namespace(l.namespace).Get(t.Context(), "iris", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		predictor, _, _ := unstructured.NestedMap(service.Object, "spec", "predictor")
		got := []any{predictor["containers"].([]any)[0].(map[string]any)["image"], predictor["canaryTrafficPercent"]}
		if diff := cmp.Diff([]any{l.version(version).Image, percent}, got); diff != "" {
			t.Error(diff)
		}
	}
	l.deploy(p, l.version("one", canary))
	says("one", nil)
	l.deploy(p, l.version("two", canary))
	says("two", int64(25))
	outcome, err := publish.Promote(t.Context(), p, options(time.Minute))
	verb(l, outcome, err)
	says("two", nil)
	l.deploy(p, l.version("three", canary))
	says("three", int64(25))
	outcome, err = publish.Rollback(t.Context(), p, 0, options(time.Minute))
	verb(l, outcome, err)
	says("two", nil)
	outcome, err = publish.Rollback(t.Context(), p, 1, options(time.Minute))
	verb(l, outcome, err)
	says("one", nil)
	if err := p.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.gone()
}

// pod makes a pod with a fate, as a controller that is not there would; one
// that is there already stays.
func (l *lab) pod(name string, labels map[string]string, fate string) {
	l.Helper()
	no, yes, user := false, true, int64(1000)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{
			Name: "kserve-container", Image: "registry.example.com/iris", Env: []corev1.EnvVar{{Name: "DEPLOYFILE_TEST_FATE", Value: fate}},
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: &no, RunAsNonRoot: &yes, RunAsUser: &user, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
		}}},
	}
	if _, err := l.cluster.Client.CoreV1().Pods(l.namespace).Create(l.Context(), pod, metav1.CreateOptions{}); err != nil {
		l.Error(err)
	}
}

// TestUnknownKind says what is missing.
func TestUnknownKind(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	_, err := p.Diff(t.Context(), []manifests.Document{{Name: "widget.yaml", Body: []byte("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: iris}\n")}})
	if err == nil || !strings.Contains(err.Error(), "knows no Widget of example.com/v1") {
		t.Errorf("the error is %v", err)
	}
}

func httpRoutes() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "httproutes"}
}

// TestHTTPRoute finds out that a gateway does not take a route.
func TestHTTPRoute(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.cluster.DefineGatewayAPI(t)
	p := l.open()
	routed := func(target *deployfile.Target) {
		kube(target).HTTPRoute = &kubernetesspec.HTTPRoute{Gateway: "public", Hosts: []string{"iris.example.com"}, Path: "/"}
	}
	l.deploy(p, l.version("one", routed))
	routes := l.cluster.Dynamic.Resource(httpRoutes()).Namespace(l.namespace)
	o := options(time.Minute)
	o.Progress = func(line string) {
		if !strings.Contains(line, "updated HTTPRoute") {
			return
		}
		route, err := routes.Get(t.Context(), "iris", metav1.GetOptions{})
		if err != nil {
			t.Error(err)
			return
		}
		route.Object["status"] = map[string]any{"parents": []any{map[string]any{
			"parentRef": map[string]any{"name": "public"}, "controllerName": "example.com/gateways",
			"conditions": []any{map[string]any{
				"type": "Accepted", "status": "False", "reason": "NoMatchingListenerHostname", "message": "no listener has the host",
				"observedGeneration": route.GetGeneration(), "lastTransitionTime": time.Now().UTC().Format(time.RFC3339),
			}},
		}}}
		if _, err := routes.UpdateStatus(t.Context(), route, metav1.UpdateOptions{}); err != nil {
			t.Error(err)
		}
	}
	_, err := publish.Deploy(t.Context(), p, l.version("two", routed, func(target *deployfile.Target) { kube(target).HTTPRoute.Hosts = []string{"other.example.com"} }), o)
	if err == nil || !strings.Contains(err.Error(), "its gateway refuses it (NoMatchingListenerHostname): no listener has the host") {
		t.Errorf("the error is %v", err)
	}
	l.serve(map[string]int{"one": 2})
	route, err := routes.Get(t.Context(), "iris", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	hosts, _, _ := unstructured.NestedStringSlice(route.Object, "spec", "hostnames")
	if diff := cmp.Diff([]string{"iris.example.com"}, hosts); diff != "" {
		t.Error(diff)
	}
	status, err := p.Status(t.Context())
	if err != nil || status.URL != "http://iris.example.com" {
		t.Errorf("the status is %+v, %v", status, err)
	}
}
