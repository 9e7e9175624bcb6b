//go:build linux

package cluster

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Cluster is what a test has of either kind of cluster. All tests of a
// package share it, each in a namespace of its own.
type Cluster struct {
	// Kubeconfig is the path of the administrator's kubeconfig.
	Kubeconfig string
	// Config is the same for clients within the test's own process; change
	// only copies of it.
	Config *rest.Config
	// Client and Dynamic are the administrator's clients.
	Client  *kubernetes.Clientset
	Dynamic *dynamic.DynamicClient

	control *control
}

// newCluster makes the clients of a control plane that runs.
func newCluster(c *control) (*Cluster, error) {
	client, err := kubernetes.NewForConfig(c.config)
	if err != nil {
		return nil, err
	}
	dynamicClient, err := dynamic.NewForConfig(c.config)
	if err != nil {
		return nil, err
	}
	return &Cluster{Kubeconfig: c.kubeconfig(), Config: c.config, Client: client, Dynamic: dynamicClient, control: c}, nil
}

// Namespace makes a namespace that is deleted when the test ends, and returns
// its name. Only pods that keep to the "restricted" pod security standard are
// admitted to it.
func (c *Cluster) Namespace(t testing.TB) string {
	t.Helper()
	n, err := c.Client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "test-",
		Labels: map[string]string{
			"pod-security.kubernetes.io/enforce":         "restricted",
			"pod-security.kubernetes.io/enforce-version": "latest",
		},
	}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Client.CoreV1().Namespaces().Delete(context.Background(), n.Name, metav1.DeleteOptions{}); err != nil {
			t.Errorf("deleting namespace %s: %v", n.Name, err)
		}
	})
	// Pods are refused until the namespace has its service account.
	if err := c.control.wait("the service account of "+n.Name, func(ctx context.Context) error {
		_, err := c.Client.CoreV1().ServiceAccounts(n.Name).Get(ctx, "default", metav1.GetOptions{})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n.Name
}

// RestartServer kills the API server as a crash does, and starts it again with
// the same address and data. In between it calls meanwhile.
func (c *Cluster) RestartServer(t testing.TB, meanwhile func()) {
	t.Helper()
	c.control.children["kube-apiserver"].kill()
	delete(c.control.children, "kube-apiserver")
	if meanwhile != nil {
		meanwhile()
	}
	if err := c.control.startServer(); err != nil {
		t.Fatal(fmt.Errorf("restarting the API server: %w", err))
	}
}
