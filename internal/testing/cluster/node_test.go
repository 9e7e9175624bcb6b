//go:build integration

package cluster

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func node(t *testing.T) *NodeCluster {
	t.Helper()
	begin := time.Now()
	n := clusters.Node(t)
	t.Logf("the node is there after %.1f s", time.Since(begin).Seconds())
	return n
}

// TestNode runs a program from an image in the registry, and asks it through
// its Service.
func TestNode(t *testing.T) {
	n := node(t)
	ns := n.Namespace(t)
	image, err := programImage(absolute("registry"), map[string]string{
		"config.yaml": "version: 0.1\nlog: {level: info}\nstorage: {inmemory: {}}\nhttp: {addr: ':8080'}\n",
	}, "serve", "/config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if err := push(n.Registry+"/app:1", image); err != nil {
		t.Fatal(err)
	}
	create(t, n.Cluster, ns, "app", n.Registry+"/app@"+digest.String(), "")
	service, err := n.Client.CoreV1().Services(ns).Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "app"},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": "app"},
			Ports:    []corev1.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080)}},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	waitFor(t, "the rollout", func(ctx context.Context) (bool, string) {
		d := deployment(ctx, t, n.Cluster, ns, "app")
		return d.Status.AvailableReplicas == 2, d.Status.String()
	})
	t.Logf("two replicas are available after %.1f s", time.Since(begin).Seconds())
	waitFor(t, "the service", func(ctx context.Context) (bool, string) {
		err := get(ctx, n.HTTP(), "http://"+service.Spec.ClusterIP+"/v2/")
		return err == nil, ""
	})
	t.Logf("the service answers after %.1f s", time.Since(begin).Seconds())
	for _, pod := range podsOf(t.Context(), t, n.Cluster, ns) {
		if got := pod.Status.ContainerStatuses[0].ImageID; !strings.Contains(got, digest.String()) {
			t.Errorf("pod %s runs %s", pod.Name, got)
		}
		log, err := n.Client.CoreV1().Pods(ns).GetLogs(pod.Name, &corev1.PodLogOptions{}).DoRaw(t.Context())
		if err != nil || !strings.Contains(string(log), "listening on") {
			t.Errorf("the log is %q, %v", log, err)
		}
	}
	if _, err := net.InterfaceByName("cni0"); err == nil {
		t.Error("the host has the bridge")
	}
}

// TestNodeRestart restarts the API server, which keeps its data.
func TestNodeRestart(t *testing.T) {
	n := node(t)
	before, err := n.Client.CoreV1().Namespaces().Get(t.Context(), n.Namespace(t), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	n.RestartServer(t, nil)
	after, err := n.Client.CoreV1().Namespaces().Get(t.Context(), before.Name, metav1.GetOptions{})
	if err != nil || after.UID != before.UID {
		t.Errorf("the namespace is %v, %v", after, err)
	}
}

// TestNodePullError asks for an image that the registry does not have.
func TestNodePullError(t *testing.T) {
	n := node(t)
	ns := n.Namespace(t)
	create(t, n.Cluster, ns, "app", n.Registry+"/missing:1", "")
	waitFor(t, "the error", func(ctx context.Context) (bool, string) {
		list, err := n.Client.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, pod := range list.Items {
			for _, s := range pod.Status.ContainerStatuses {
				if s.State.Waiting != nil && s.State.Waiting.Reason == "ErrImagePull" {
					return strings.Contains(s.State.Waiting.Message, "not found"), s.State.Waiting.Message
				}
			}
		}
		return false, ""
	})
}

func TestNodeCommand(t *testing.T) {
	n := node(t)
	words, err := n.Command(t.Context(), "ip", "-brief", "address", "show", "cni0").CombinedOutput()
	if err != nil || !strings.Contains(string(words), bridge) {
		t.Errorf("within the node's network the bridge is %q, %v", words, err)
	}
	command := n.Command(t.Context(), "cat")
	command.Stdin = strings.NewReader("words")
	out, err := command.Output()
	if err != nil || string(out) != "words" {
		t.Errorf("the command prints %q, %v", out, err)
	}
	// The same data inside and outside.
	pause, err := programImage(absolute("pause"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := push(n.Registry+"/both:1", pause); err != nil {
		t.Fatal(err)
	}
	for name, client := range map[string]*http.Client{"outside": http.DefaultClient, "inside": n.HTTP()} {
		r, err := client.Get("http://" + n.Registry + "/v2/both/tags/list")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil || !strings.Contains(string(body), `["1"]`) {
			t.Errorf("%s: the tags are %s, %v", name, body, err)
		}
	}
}
