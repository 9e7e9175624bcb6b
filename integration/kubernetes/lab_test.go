//go:build integration

package kubernetes

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	keys "github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/manifests/kserve"
	kubernetesspec "github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/cluster"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/kubernetes"
)

var clusters cluster.Shared

func TestMain(m *testing.M) { os.Exit(clusters.Run(m)) }

// lab is a namespace with an endpoint "iris".
type lab struct {
	*testing.T
	cluster   *cluster.FastCluster
	namespace string
}

func newLab(t *testing.T) *lab {
	t.Helper()
	f := clusters.Fast(t)
	return &lab{T: t, cluster: f, namespace: f.Namespace(t)}
}

// environment is locked while KUBECONFIG is set for a connection.
var environment sync.Mutex

// connect opens the target with a kubeconfig.
func (l *lab) connect(kubeconfig string, target deployfile.Target) *kubernetes.Publisher {
	l.Helper()
	return l.connectWith(kubeconfig, kubernetes.Options{Target: target})
}

func (l *lab) connectWith(kubeconfig string, o kubernetes.Options) *kubernetes.Publisher {
	l.Helper()
	environment.Lock()
	defer environment.Unlock()
	if err := os.Setenv("KUBECONFIG", kubeconfig); err != nil {
		l.Fatal(err)
	}
	p, err := kubernetes.Open(l.Context(), o)
	if err != nil {
		l.Fatal(err)
	}
	l.Cleanup(func() { _ = p.Close() })
	return p
}

func (l *lab) open() *kubernetes.Publisher {
	l.Helper()
	return l.connect(l.cluster.Kubeconfig, l.target())
}

func (l *lab) target() deployfile.Target {
	return deployfile.Target{
		Name: "prod", Kind: "kubernetes", Endpoint: "iris", Image: "registry.example.com/iris", Port: 8080,
		Spec: &kubernetesspec.Spec{Pod: keys.Pod{Namespace: l.namespace, Replicas: 2}},
	}
}

// pod has the keys of a target that all kinds on a cluster have, kube those of
// kind kubernetes, serving those of kind kserve.
func pod(target *deployfile.Target) *keys.Pod {
	pod, _ := keys.Keys(*target)
	return pod
}

func kube(target *deployfile.Target) *kubernetesspec.Spec {
	s, _ := target.Spec.(*kubernetesspec.Spec)
	return s
}

func serving(target *deployfile.Target) *kserve.Spec {
	s, _ := target.Spec.(*kserve.Spec)
	return s
}

// onKServe makes a target of kind kserve, with the keys that it has so far.
func onKServe(target *deployfile.Target, mode string) {
	target.Kind, target.Spec = "kserve", &kserve.Spec{Pod: *pod(target), Mode: mode}
}

// targetAs is the target with another endpoint.
func (l *lab) targetAs(endpoint string) deployfile.Target {
	t := l.target()
	t.Endpoint = endpoint
	return t
}

// version is a release whose pods have an image of that name.
func (l *lab) version(name string, change ...func(*deployfile.Target)) manifests.Release {
	target := l.target()
	for _, f := range change {
		f(&target)
	}
	return manifests.Release{
		Model: "iris", Version: name, Target: target, Port: 8080, User: "1000:1000",
		Image:      fmt.Sprintf("registry.example.com/iris@sha256:%064x", name),
		FileDigest: "sha256:" + strings.Repeat("f", 64), LockDigest: "sha256:" + strings.Repeat("1", 64),
	}
}

func fate(f cluster.Fate) func(*deployfile.Target) {
	return func(t *deployfile.Target) {
		pod(t).Env = map[string]string{cluster.FateVariable: string(f)}
	}
}

func options(timeout time.Duration) publish.Options {
	return publish.Options{By: "ann@laptop", At: time.Now(), ApplyOptions: publish.ApplyOptions{Timeout: timeout}}
}

// said collects what a deployment tells.
type said struct {
	lock  sync.Mutex
	lines []string
}

func (s *said) add(line string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.lines = append(s.lines, line)
}

func (s *said) text() string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return strings.Join(s.lines, "\n")
}

// deploy deploys what has to succeed.
func (l *lab) deploy(p publish.Publisher, r manifests.Release) *publish.Outcome {
	l.Helper()
	var lines said
	o := options(30 * time.Second)
	o.Progress = lines.add
	outcome, err := publish.Deploy(l.Context(), p, r, o)
	if err != nil {
		l.Fatalf("deploying %s: %v\n%s", r.Version, err, lines.text())
	}
	return outcome
}

// live are the objects of the namespace that are asked for, not made by
// controllers.
func (l *lab) live() map[string]*unstructured.Unstructured {
	l.Helper()
	out := map[string]*unstructured.Unstructured{}
	for _, r := range []schema.GroupVersionResource{
		{Version: "v1", Resource: "services"}, {Version: "v1", Resource: "configmaps"}, {Version: "v1", Resource: "secrets"},
		{Version: "v1", Resource: "serviceaccounts"},
		{Group: "apps", Version: "v1", Resource: "deployments"}, {Group: "apps", Version: "v1", Resource: "controllerrevisions"},
		{Group: "batch", Version: "v1", Resource: "jobs"},
		{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers"},
		{Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"},
		{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"}, {Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"},
	} {
		list, err := l.cluster.Dynamic.Resource(r).Namespace(l.namespace).List(l.Context(), metav1.ListOptions{})
		if err != nil {
			l.Fatal(err)
		}
		for i, item := range list.Items {
			if item.GetName() != "default" && item.GetName() != "kube-root-ca.crt" {
				out[item.GetKind()+"/"+item.GetName()] = &list.Items[i]
			}
		}
	}
	return out
}

// objects are live, as they were asked for.
func (l *lab) objects() map[string]map[string]any {
	l.Helper()
	out := map[string]map[string]any{}
	for name, item := range l.live() {
		unstructured.RemoveNestedField(item.Object, "status")
		unstructured.RemoveNestedField(item.Object, "metadata", "annotations", "deployment.kubernetes.io/revision")
		for _, field := range []string{"managedFields", "resourceVersion", "generation"} {
			unstructured.RemoveNestedField(item.Object, "metadata", field)
		}
		out[name] = item.Object
	}
	return out
}

func names(objects map[string]map[string]any) []string {
	var out []string
	for name := range objects {
		out = append(out, name)
	}
	return sorted(out)
}

// images counts the pods that are ready, by the end of their image's digest.
func (l *lab) images() map[string]int {
	l.Helper()
	pods, err := l.cluster.Client.CoreV1().Pods(l.namespace).List(l.Context(), metav1.ListOptions{})
	if err != nil {
		l.Fatal(err)
	}
	out := map[string]int{}
	for _, pod := range pods.Items {
		for _, c := range pod.Status.Conditions {
			if c.Type == "Ready" && c.Status == "True" && pod.DeletionTimestamp == nil {
				_, digest, _ := strings.Cut(pod.Spec.Containers[0].Image, "sha256:")
				out[digest]++
			}
		}
	}
	return out
}

// serve checks that exactly so many pods of the releases are ready, after a
// while.
func (l *lab) serve(want map[string]int) {
	l.Helper()
	digests := map[string]int{}
	for name, n := range want {
		digests[fmt.Sprintf("%064x", name)] = n
	}
	l.eventually(func() string { return cmp.Diff(digests, l.images()) })
}

// gone checks that after a while the namespace has only what it had at first.
func (l *lab) gone() {
	l.Helper()
	l.eventually(func() string { return cmp.Diff([]string(nil), l.cluster.Objects(l.T, l.namespace)) })
}

// eventually waits for up to 20 seconds until f has no complaint.
func (l *lab) eventually(f func() string) {
	l.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		complaint := f()
		if complaint == "" {
			return
		}
		if time.Now().After(deadline) {
			l.Fatal(complaint)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// deployment is a Deployment of the namespace.
func (l *lab) deployment(name string) *unstructured.Unstructured {
	l.Helper()
	d, err := l.cluster.Dynamic.Resource(schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}).
		Namespace(l.namespace).Get(context.Background(), name, metav1.GetOptions{})
	if err != nil {
		l.Fatal(err)
	}
	return d
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
