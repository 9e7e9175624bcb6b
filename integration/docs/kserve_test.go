//go:build integration

package docs

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/deployfile/deployfile/internal/testing/cluster"
)

// standIn does on a node what the page needs of KServe, which cannot be had
// without a registry and Knative: it runs the predictor of each InferenceService
// of the namespace as a pod, and reports the service ready when the pod is.
func standIn(t *testing.T, n *cluster.NodeCluster) {
	t.Helper()
	n.DefineKServe(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	s := &serving{NodeCluster: n}
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if err := s.reconcile(ctx); err != nil && ctx.Err() == nil {
				t.Log("stand-in for KServe:", err)
			}
			time.Sleep(200 * time.Millisecond)
		}
	}()
}

type serving struct{ *cluster.NodeCluster }

func (s *serving) reconcile(ctx context.Context) error {
	services := s.Dynamic.Resource(schema.GroupVersionResource{Group: "serving.kserve.io", Version: "v1beta1", Resource: "inferenceservices"}).Namespace(namespace)
	list, err := services.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, item := range list.Items {
		pod, err := predictorOf(item)
		if err != nil {
			return err
		}
		wanted[pod.Name] = true
		there, err := s.Client.CoreV1().Pods(namespace).Get(ctx, pod.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			there, err = s.Client.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{})
		}
		if err != nil {
			return err
		}
		ready := "False"
		for _, c := range there.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
				ready = "True"
			}
		}
		status := map[string]any{
			"components": map[string]any{"predictor": map[string]any{"latestCreatedRevision": pod.Name}},
			"url":        "http://" + item.GetName() + "." + namespace + ".example.com",
			"conditions": []any{map[string]any{"type": "Ready", "status": ready, "reason": "Pod", "message": "the pod's own"}},
		}
		if fmt.Sprint(item.Object["status"]) == fmt.Sprint(status) {
			continue
		}
		item.Object["status"] = status
		if _, err := services.UpdateStatus(ctx, &item, metav1.UpdateOptions{}); err != nil {
			return err
		}
	}
	return s.end(ctx, wanted)
}

// end deletes the pods of versions that are no longer asked for.
func (s *serving) end(ctx context.Context, wanted map[string]bool) error {
	pods, err := s.Client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "serving.kserve.io/inferenceservice"})
	if err != nil {
		return err
	}
	for _, pod := range pods.Items {
		if wanted[pod.Name] || pod.DeletionTimestamp != nil {
			continue
		}
		if err := s.Client.CoreV1().Pods(namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// predictorOf is the pod of an InferenceService's newest version. Knative, which
// stands between, says by a variable which port is meant.
func predictorOf(service unstructured.Unstructured) (*corev1.Pod, error) {
	content, _, err := unstructured.NestedMap(service.Object, "spec", "predictor")
	if err != nil {
		return nil, err
	}
	var spec corev1.PodSpec
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, &spec); err != nil {
		return nil, err
	}
	c := &spec.Containers[0]
	c.Env = append(c.Env, corev1.EnvVar{Name: "PORT", Value: fmt.Sprint(c.Ports[0].ContainerPort)})
	labels := map[string]string{"serving.kserve.io/inferenceservice": service.GetName()}
	for name, value := range service.GetLabels() {
		labels[name] = value
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-predictor-%05d", service.GetName(), service.GetGeneration()), Labels: labels},
		Spec:       spec,
	}, nil
}
