//go:build integration

package kubernetes

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/manifests"
	keys "github.com/deployfile/deployfile/manifests/cluster"
	kubernetesspec "github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/publish"
)

func sorted(list []string) []string { slices.Sort(list); return list }

func TestDeploy(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	before, err := p.Status(t.Context())
	if err != nil || before.Revision != nil || before.Ready {
		t.Errorf("nothing is deployed, and the status is %+v, %v", before, err)
	}
	first := l.deploy(p, l.version("one"))
	if diff := cmp.Diff([]string{"ControllerRevision/iris-r1", "Deployment/iris", "Service/iris"}, names(l.objects())); diff != "" {
		t.Error(diff)
	}
	l.serve(map[string]int{"one": 2})
	for _, c := range first.Changes {
		if c.Action != "create" || c.Diff == "" {
			t.Errorf("the first deployment has the change %+v", c)
		}
	}
	revisions, err := p.Revisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]publish.Revision{first.Revision}, revisions); diff != "" {
		t.Error(diff)
	}
	status, err := p.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !status.Ready || status.Revision.Number != 1 || len(status.Instances) != 2 || !status.Instances[0].Ready || status.Instances[0].Image != l.version("one").Image {
		t.Errorf("the status is %+v", status)
	}

	// The second time changes nothing, even if it is done.
	all := l.versions()
	again := l.deploy(l.open(), l.version("one"))
	if again.Action != publish.Unchanged || len(again.Changes) > 0 {
		t.Errorf("deploying again: %+v", again)
	}
	if diff := cmp.Diff(all, l.versions()); diff != "" {
		t.Error(diff)
	}
	next := first.Revision
	next.Number = 2
	if _, err := p.Apply(t.Context(), next, options(0).ApplyOptions); err != nil {
		t.Fatal(err)
	}
	now := l.versions()
	delete(now, "ControllerRevision/iris-r2")
	if diff := cmp.Diff(all, now); diff != "" {
		t.Error(diff)
	}

	// Another version comes in its place.
	second := l.deploy(p, l.version("two"))
	if second.Action != publish.Applied || len(second.Changes) != 2 {
		t.Errorf("another version: %+v", second)
	}
	l.serve(map[string]int{"two": 2})
}

// versions are the generations of Deployments, which any change of what is asked
// for changes, and the resource versions of all else, which any change does.
func (l *lab) versions() map[string]string {
	l.Helper()
	out := map[string]string{}
	for name, object := range l.live() {
		out[name] = object.GetResourceVersion()
		if object.GetKind() == "Deployment" {
			out[name] = fmt.Sprint(object.GetGeneration())
		}
	}
	return out
}

// TestPrune removes what a revision has and the next one has not.
func TestPrune(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	l.deploy(p, l.version("one", func(target *deployfile.Target) {
		kube(target).Ingress = &kubernetesspec.Ingress{Host: "iris.example.com", Path: "/"}
		kube(target).MinAvailable = "1"
		kube(target).AllowFrom = []string{"*"}
	}))
	want := []string{"ControllerRevision/iris-r1", "Deployment/iris", "Ingress/iris", "NetworkPolicy/iris", "PodDisruptionBudget/iris", "Service/iris"}
	if diff := cmp.Diff(want, names(l.objects())); diff != "" {
		t.Error(diff)
	}
	status, err := p.Status(t.Context())
	if err != nil || status.URL != "http://iris.example.com" {
		t.Errorf("the status is %+v, %v", status, err)
	}
	// A budget that somebody else made is not the endpoint's.
	strange := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": map[string]any{"name": "other"},
	}}
	budgets := l.cluster.Dynamic.Resource(schema.GroupVersionResource{Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"}).Namespace(l.namespace)
	if _, err := budgets.Create(t.Context(), strange, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	second := l.deploy(p, l.version("two"))
	var removed []string
	for _, c := range second.Changes {
		if c.Action == "delete" {
			removed = append(removed, c.Object)
		}
	}
	if diff := cmp.Diff([]string{"Ingress " + l.namespace + "/iris", "NetworkPolicy " + l.namespace + "/iris", "PodDisruptionBudget " + l.namespace + "/iris"}, sorted(removed)); diff != "" {
		t.Error(diff)
	}
	want = []string{"ControllerRevision/iris-r1", "ControllerRevision/iris-r2", "Deployment/iris", "PodDisruptionBudget/other", "Service/iris"}
	if diff := cmp.Diff(want, names(l.objects())); diff != "" {
		t.Error(diff)
	}
}

// TestDeleteHeldUp says what keeps an endpoint from going away, and ends the
// work when it no longer does.
func TestDeleteHeldUp(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	l.deploy(p, l.version("one"))
	finalizers := func(patch string) {
		if _, err := l.cluster.Client.CoreV1().Services(l.namespace).Patch(t.Context(), "iris", types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	finalizers(`{"metadata": {"finalizers": ["example.com/held"]}}`)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	err := p.Delete(ctx)
	if want := "Service " + l.namespace + "/iris is still being deleted (finalizers: example.com/held)"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v", err)
	}
	finalizers(`{"metadata": {"finalizers": null}}`)
	if err := p.Delete(t.Context()); err != nil {
		t.Error(err)
	}
	l.gone()
}

// TestLongNames deploys a model whose name is too long for a label.
func TestLongNames(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	r := l.version("one")
	r.Model = strings.Repeat("iris-", 40) + "x"
	l.deploy(l.open(), r)
}

// TestDelete leaves nothing.
func TestDelete(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	if err := p.Delete(t.Context()); err != nil {
		t.Errorf("there is nothing to delete: %v", err)
	}
	l.cluster.DefineGatewayAPI(t)
	everything := func(target *deployfile.Target) {
		pod(target).Replicas, kube(target).Autoscale = 0, &keys.Autoscale{Min: 2, Max: 4, CPU: 80}
		pod(target).Resources = keys.PodResources{Resources: manifests.Resources{CPU: "10m"}}
		kube(target).MinAvailable = "1"
		kube(target).AllowFrom = []string{"*"}
		kube(target).HTTPRoute = &kubernetesspec.HTTPRoute{Gateway: "public", Path: "/"}
		kube(target).Ingress = &kubernetesspec.Ingress{Host: "iris.example.com", Path: "/"}
		pod(target).ServiceAccount = &keys.ServiceAccount{Name: "iris", Create: true}
	}
	l.deploy(p, l.version("one", everything))
	l.deploy(p, l.version("two", everything, func(target *deployfile.Target) { pod(target).Strategy, pod(target).Weight = "canary", 10 }))
	there := l.cluster.Objects(t, l.namespace)
	for _, want := range []string{
		"ControllerRevision.apps/iris-r2", "Deployment.apps/iris", "Deployment.apps/iris-canary",
		"HTTPRoute.gateway.networking.k8s.io/iris", "HorizontalPodAutoscaler.autoscaling/iris", "Ingress.networking.k8s.io/iris",
		"NetworkPolicy.networking.k8s.io/iris", "PodDisruptionBudget.policy/iris", "Service/iris-canary", "ServiceAccount/iris",
	} {
		if !slices.Contains(there, want) {
			t.Errorf("there is no %s among %q", want, there)
		}
	}
	if err := p.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.gone()
	if revisions, err := p.Revisions(t.Context()); err != nil || len(revisions) > 0 {
		t.Errorf("after the deletion there are %v, %v", revisions, err)
	}
}

// TestKeep has a limit for how many revisions are recorded.
func TestKeep(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	for i := range 12 {
		l.deploy(p, l.version(string(rune('a'+i))))
	}
	revisions, err := p.Revisions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var numbers []int
	for _, r := range revisions {
		numbers = append(numbers, r.Number)
	}
	if diff := cmp.Diff([]int{12, 11, 10, 9, 8, 7, 6, 5, 4, 3}, numbers); diff != "" {
		t.Error(diff)
	}
}

// TestDiffOfDeleted shows that what is being deleted is not what was deployed.
func TestDiffOfDeleted(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	p := l.open()
	r := l.version("one")
	l.deploy(p, r)
	services := l.cluster.Client.CoreV1().Services(l.namespace)
	hold := func(finalizers string) {
		t.Helper()
		if _, err := services.Patch(t.Context(), "iris", types.MergePatchType, []byte(`{"metadata":{"finalizers":`+finalizers+`}}`), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	hold(`["example.com/hold"]`)
	if err := services.Delete(t.Context(), "iris", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	o := options(time.Minute)
	o.DryRun = true
	out, err := publish.Deploy(t.Context(), p, r, o)
	if err != nil || len(out.Changes) != 1 || out.Changes[0].Action != "create" || out.Changes[0].Object != "Service "+l.namespace+"/iris" {
		t.Errorf("the changes are %+v, %v", out, err)
	}
	time.AfterFunc(time.Second, func() { hold("null") })
	l.deploy(p, r)
	l.serve(map[string]int{"one": 2})
	if s, err := services.Get(t.Context(), "iris", metav1.GetOptions{}); err != nil || s.DeletionTimestamp != nil {
		t.Errorf("there is no Service: %+v, %v", s, err)
	}
}
