//go:build integration

package kubernetes

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	keys "github.com/deployfile/deployfile/manifests/cluster"
	kubernetesspec "github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/cluster"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

func services() schema.GroupVersionResource {
	return schema.GroupVersionResource{Version: "v1", Resource: "services"}
}

func rendered(t *testing.T, r manifests.Release) []manifests.Document {
	t.Helper()
	documents, err := manifests.Render(manifests.State{Live: manifests.Slot{Release: r}})
	if err != nil {
		t.Fatal(err)
	}
	return documents
}

// reached counts the ready pods behind a Service, by the version of their
// release.
func (l *lab) reached(service string) map[string]int {
	l.Helper()
	found, err := l.cluster.Client.DiscoveryV1().EndpointSlices(l.namespace).List(l.Context(), metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=" + service})
	if err != nil {
		l.Fatal(err)
	}
	out := map[string]int{}
	for _, s := range found.Items {
		for _, e := range s.Endpoints {
			if e.Conditions.Ready == nil || !*e.Conditions.Ready {
				continue
			}
			pod, err := l.cluster.Client.CoreV1().Pods(l.namespace).Get(l.Context(), e.TargetRef.Name, metav1.GetOptions{})
			if err == nil {
				out[pod.Labels["app.kubernetes.io/version"]]++
			}
		}
	}
	return out
}

func (l *lab) leads(service string, want map[string]int) {
	l.Helper()
	l.eventually(func() string { return cmp.Diff(want, l.reached(service)) })
}

func verb(l *lab, outcome *publish.Outcome, err error) *publish.Outcome {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
	return outcome
}

func TestCanary(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	canary := func(target *deployfile.Target) {
		pod(target).Strategy, pod(target).Weight, pod(target).Replicas = "canary", 25, 3
	}
	ordinary := []string{"Deployment/iris", "Service/iris"}
	beside := []string{"Deployment/iris", "Deployment/iris-canary", "Service/iris"}
	have := func(want []string) {
		t.Helper()
		var got []string
		for _, name := range names(l.objects()) {
			if !strings.HasPrefix(name, "ControllerRevision/") {
				got = append(got, name)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	l.deploy(p, l.version("one", canary))
	have(ordinary)
	l.leads("iris", map[string]int{"one": 3})
	l.deploy(p, l.version("two", canary))
	have(beside)
	l.leads("iris", map[string]int{"one": 3, "two": 1})

	// A canary that never serves leaves the one of before.
	before := l.objects()
	if _, err := publish.Deploy(t.Context(), p, l.version("bad", canary, fate(cluster.Crash)), options(time.Minute)); err == nil {
		t.Error("a canary that crashes is deployed")
	}
	if diff := cmp.Diff(before, l.objects()); diff != "" {
		t.Error(diff)
	}
	l.leads("iris", map[string]int{"one": 3, "two": 1})

	// It is given up.
	outcome, err := publish.Rollback(t.Context(), p, 0, options(time.Minute))
	verb(l, outcome, err)
	have(ordinary)
	l.leads("iris", map[string]int{"one": 3})

	l.deploy(p, l.version("three", canary))
	l.leads("iris", map[string]int{"one": 3, "three": 1})
	outcome, err = publish.Promote(t.Context(), p, options(time.Minute))
	verb(l, outcome, err)
	have(ordinary)
	l.leads("iris", map[string]int{"three": 3})
	outcome, err = publish.Rollback(t.Context(), p, 1, options(time.Minute))
	verb(l, outcome, err)
	l.leads("iris", map[string]int{"one": 3})
}

// TestHTTPRouteCanary has the route share the requests out.
func TestHTTPRouteCanary(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.cluster.DefineGatewayAPI(t)
	p := l.open()
	canary := func(target *deployfile.Target) {
		pod(target).Strategy, pod(target).Weight, pod(target).Replicas = "canary", 25, 3
		kube(target).HTTPRoute = &kubernetesspec.HTTPRoute{Gateway: "public", Hosts: []string{"iris.example.com"}, Path: "/"}
	}
	// share is that of a version, in percent.
	type share struct {
		version string
		weight  any
	}
	shares := func(want ...share) {
		t.Helper()
		route, err := l.cluster.Dynamic.Resource(httpRoutes()).Namespace(l.namespace).Get(t.Context(), "iris", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		rules, _, _ := unstructured.NestedSlice(route.Object, "spec", "rules")
		backends, _ := rules[0].(map[string]any)["backendRefs"].([]any)
		if len(backends) != len(want) {
			t.Fatalf("the route leads to %v", backends)
		}
		for i, b := range backends {
			backend, _ := b.(map[string]any)
			if diff := cmp.Diff(want[i].weight, backend["weight"]); diff != "" {
				t.Error(diff)
			}
			l.eventually(func() string {
				versions := slices.Collect(maps.Keys(l.reached(backend["name"].(string))))
				return cmp.Diff([]string{want[i].version}, versions)
			})
		}
	}
	// By the Gateway API's own definition, a backend's weight is 1.
	all := int64(1)
	l.deploy(p, l.version("one", canary))
	shares(share{"one", all})
	l.deploy(p, l.version("two", canary))
	shares(share{"one", int64(75)}, share{"two", int64(25)})
	outcome, err := publish.Promote(t.Context(), p, options(time.Minute))
	verb(l, outcome, err)
	shares(share{"two", all})
	l.deploy(p, l.version("three", canary))
	shares(share{"two", int64(75)}, share{"three", int64(25)})
	outcome, err = publish.Rollback(t.Context(), p, 0, options(time.Minute))
	verb(l, outcome, err)
	shares(share{"two", all})
	l.serve(map[string]int{"two": 3})
	if err := p.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.gone()
}

func TestBlueGreen(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	coloured := func(target *deployfile.Target) { pod(target).Strategy = "blue-green" }
	l.deploy(p, l.version("one", coloured))
	l.leads("iris", map[string]int{"one": 2})
	l.deploy(p, l.version("two", coloured))
	l.leads("iris", map[string]int{"one": 2})
	l.leads("iris-preview", map[string]int{"two": 2})
	before := l.objects()
	if _, err := publish.Deploy(t.Context(), p, l.version("bad", coloured, fate(cluster.PullError)), options(time.Minute)); err == nil {
		t.Error("a release that cannot be pulled is deployed")
	}
	if diff := cmp.Diff(before, l.objects()); diff != "" {
		t.Error(diff)
	}
	l.leads("iris-preview", map[string]int{"two": 2})

	outcome, err := publish.Promote(t.Context(), p, options(time.Minute))
	verb(l, outcome, err)
	l.leads("iris", map[string]int{"two": 2})
	if _, ok := l.objects()["Service/iris-preview"]; ok {
		t.Error("the preview is still there")
	}
	l.serve(map[string]int{"two": 2})

	// Even without waiting, requests do not go to what is not ready.
	l.cluster.Steer(t, l.namespace, func(pod *corev1.Pod) cluster.Fate {
		if pod.Labels["app.kubernetes.io/version"] == "one" {
			return cluster.NeverReady
		}
		return ""
	})
	o := options(4 * time.Second)
	o.NoWait = true
	if _, err := publish.Rollback(t.Context(), p, 1, o); err == nil {
		t.Error("what is not ready gets the requests")
	}
	l.leads("iris", map[string]int{"two": 2})
	l.cluster.Steer(t, l.namespace, nil)
	outcome, err = publish.Rollback(t.Context(), p, 1, options(time.Minute))
	verb(l, outcome, err)
	l.leads("iris", map[string]int{"one": 2})
	l.serve(map[string]int{"one": 2})
}

// TestNoWait returns before anything is ready.
func TestNoWait(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	o := options(time.Minute)
	o.NoWait = true
	outcome, err := publish.Deploy(t.Context(), p, l.version("one", fate(cluster.NeverReady)), o)
	verb(l, outcome, err)
	status, err := p.Status(t.Context())
	if err != nil || status.Ready || status.Revision.Number != 1 || status.Message == "" {
		t.Errorf("the status is %+v, %v", status, err)
	}
}

// TestAutoscale gives the number of instances to the autoscaler and takes it
// back, without going down in between.
func TestAutoscale(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	fixed := func(target *deployfile.Target) {
		pod(target).Replicas = 4
		pod(target).Resources = keys.PodResources{Resources: manifests.Resources{CPU: "10m"}}
	}
	scaled := func(target *deployfile.Target) {
		pod(target).Replicas = 0
		pod(target).Resources = keys.PodResources{Resources: manifests.Resources{CPU: "10m"}}
		kube(target).Autoscale = &keys.Autoscale{Min: 2, Max: 6, CPU: 80}
	}
	l.deploy(p, l.version("one", fixed))
	deployment := l.deploy(p, l.version("one", scaled))
	for _, c := range deployment.Changes {
		if strings.Contains(c.Diff, "spec.replicas") {
			t.Errorf("a change of %s", c.Diff)
		}
	}
	if n, _, _ := unstructured.NestedInt64(l.deployment("iris").Object, "spec", "replicas"); n != 4 {
		t.Errorf("the autoscaler starts with %d instances", n)
	}
	if outcome := l.deploy(p, l.version("one", scaled)); outcome.Action != publish.Unchanged {
		t.Errorf("again: %+v", outcome)
	}
	l.deploy(p, l.version("one", fixed, func(target *deployfile.Target) { pod(target).Replicas = 3 }))
	l.serve(map[string]int{"one": 3})
	if _, ok := l.objects()["HorizontalPodAutoscaler/iris"]; ok {
		t.Error("the autoscaler is still there")
	}
}
