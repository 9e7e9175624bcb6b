//go:build integration

package kubernetes

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/deployfile/deployfile/deployfile"
	labs "github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/manifests"
	keys "github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/manifests/kserve"
	kubernetesspec "github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

// faults are those that a cluster can answer in another way than a target in
// memory, which has all of them.
var faults = map[string][]publishtest.Fault{
	"Create 1": {publishtest.Lost, publishtest.DiesAfter, publishtest.Overtaken},
	"Start 1":  {publishtest.Lost, publishtest.DiesAfter},
	"Ready 1":  {publishtest.Cancelled, publishtest.Overtaken, publishtest.Outnumbered},
	"Switch 1": {publishtest.Lost, publishtest.DiesAfter},
	"Update 1": {publishtest.Lost},
	"Update 2": {publishtest.Lost, publishtest.DiesAfter},
	"Revert 1": {publishtest.Fails, publishtest.DiesAfter},
	"Forget 1": {publishtest.Fails},
	"Prune 1":  {publishtest.Dies},
}

func picked(step string, f publishtest.Fault) bool {
	return labs.AllFaults() || slices.Contains(faults[step], f)
}

// TestConformance deploys to a cluster with faults.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*lab) *publishtest.Endpoint{
		"rolling": conforming, "blue-green": conformingBlueGreen, "kserve": conformingKServe,
	} {
		t.Run(name, func(t *testing.T) {
			publishtest.Conformance(t, beside(t, open), picked)
		})
	}
}

// beside runs the tests of all endpoints but the first one, which is parent's, at
// once.
func beside(parent *testing.T, open func(*lab) *publishtest.Endpoint) func(*testing.T) *publishtest.Endpoint {
	return func(t *testing.T) *publishtest.Endpoint {
		if t != parent {
			t.Parallel()
		}
		return open(newLab(t))
	}
}

func conforming(l *lab) *publishtest.Endpoint {
	e := l.endpoint(func(version string) func(*deployfile.Target) {
		return func(target *deployfile.Target) {
			pod(target).Replicas = 1
			// Each has what the one before has not.
			switch version {
			case "2":
				kube(target).Ingress = &kubernetesspec.Ingress{Host: "iris.example.com", Path: "/"}
				kube(target).AllowFrom = []string{"*"}
			case "4":
				kube(target).Ingress = &kubernetesspec.Ingress{Host: "iris.example.com", Path: "/"}
				pod(target).ServiceAccount = &keys.ServiceAccount{Name: "iris", Create: true}
			}
		}
	})
	e.Serving = l.reachedVersions
	return e
}

func conformingBlueGreen(l *lab) *publishtest.Endpoint {
	e := l.endpoint(func(string) func(*deployfile.Target) {
		return func(target *deployfile.Target) { pod(target).Strategy, pod(target).Replicas = "blue-green", 1 }
	})
	e.Promotes, e.Serving = true, l.reachedVersions
	return e
}

// reachedVersions are those behind the endpoint's Service.
func (l *lab) reachedVersions(_ *testing.T, want string) string {
	return within(want, func() string {
		return strings.Join(slices.Sorted(maps.Keys(l.reached("iris"))), " and ")
	})
}

// conformingKServe has what stands in for KServe.
func conformingKServe(l *lab) *publishtest.Endpoint {
	l.kserve(func(string) string { return "" })
	e := l.endpoint(func(string) func(*deployfile.Target) {
		return func(target *deployfile.Target) { onKServe(target, kserve.ModeServerless) }
	})
	e.Serving = func(t *testing.T, want string) string {
		return within(want, func() string {
			for _, s := range l.inferenceServices() {
				return s.GetLabels()["app.kubernetes.io/version"]
			}
			return ""
		})
	}
	there := e.There
	e.There = func(t *testing.T) []string {
		out := there(t)
		for _, s := range l.inferenceServices() {
			out = append(out, specOf(t, &s))
		}
		return out
	}
	return e
}

func (l *lab) inferenceServices() []unstructured.Unstructured {
	l.Helper()
	list, err := l.cluster.Dynamic.Resource(inferenceServices()).Namespace(l.namespace).List(l.Context(), metav1.ListOptions{})
	if err != nil {
		l.Fatal(err)
	}
	return list.Items
}

// endpoint is the lab's endpoint for the conformance suite; change says how the
// target of a version differs.
func (l *lab) endpoint(change func(version string) func(*deployfile.Target)) *publishtest.Endpoint {
	target := l.target()
	change("1")(&target)
	return &publishtest.Endpoint{
		Name: "iris",
		Connect: func(*testing.T) (publish.Store, publish.Driver) {
			return l.connect(l.cluster.Kubeconfig, target).Parts()
		},
		Release: func(_ *testing.T, version string) manifests.Release { return l.version(version, change(version)) },
		There: func(t *testing.T) (out []string) {
			for name, o := range l.live() {
				out = append(out, name+" "+specOf(t, o))
			}
			slices.Sort(out)
			return out
		},
		Marks: true,
		// No case waits for it; on a busy machine, replacing a pod took 20 s.
		Timeout: time.Minute,
	}
}

// specOf is what an object is to be, and the phase of a record.
func specOf(t *testing.T, o *unstructured.Unstructured) string {
	data, err := json.Marshal([]any{o.GetLabels(), o.Object["spec"], o.GetAnnotations()["deployfile.github.io/phase"]})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// within returns what f does, as soon as that is what is wanted or ten seconds
// later.
func within(want string, f func() string) (got string) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if got = f(); got == want {
			break
		}
	}
	return got
}
