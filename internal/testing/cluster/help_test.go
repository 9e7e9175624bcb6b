//go:build integration

package cluster

import (
	"context"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// waitFor asks until it is so.
func waitFor(t *testing.T, what string, ask func(ctx context.Context) (done bool, now string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		done, now := ask(ctx)
		if done {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not after two minutes: %s", what, now)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// template returns a pod that "restricted" namespaces admit.
func template(name, image string, fate Fate) corev1.PodTemplateSpec {
	yes, no, user := true, false, int64(1000)
	c := corev1.Container{Name: "app", Image: image, SecurityContext: &corev1.SecurityContext{
		AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes,
		Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}}
	if fate != "" {
		c.Env = []corev1.EnvVar{{Name: FateVariable, Value: string(fate)}}
	}
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": name}},
		Spec: corev1.PodSpec{
			Containers: []corev1.Container{c},
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: &yes, RunAsUser: &user,
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
		},
	}
}

// create makes a Deployment of two replicas, which may take a second.
func create(t *testing.T, c *Cluster, namespace, name, image string, fate Fate) {
	t.Helper()
	two, deadline := int32(2), int32(1)
	if fate == "" {
		deadline = 60
	}
	if _, err := c.Client.AppsV1().Deployments(namespace).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &two, ProgressDeadlineSeconds: &deadline,
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}},
			Template: template(name, image, fate),
		},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func patch(t *testing.T, c *Cluster, namespace, name, image string) {
	t.Helper()
	body := []byte(`{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"` + image + `"}]}}}}`)
	if _, err := c.Client.AppsV1().Deployments(namespace).Patch(t.Context(), name, types.StrategicMergePatchType, body, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

func deployment(ctx context.Context, t *testing.T, c *Cluster, namespace, name string) *appsv1.Deployment {
	t.Helper()
	d, err := c.Client.AppsV1().Deployments(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func podsOf(ctx context.Context, t *testing.T, c *Cluster, namespace string) []corev1.Pod {
	t.Helper()
	list, err := c.Client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) == 0 {
		t.Fatal("there are no pods")
	}
	return list.Items
}
