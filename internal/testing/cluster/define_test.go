//go:build integration

package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestFastDefinitions(t *testing.T) {
	f := fast(t)
	ns := f.Namespace(t)
	f.DefineKServe(t)
	f.DefineGatewayAPI(t)
	f.DefineGatewayAPI(t)
	routes := f.Dynamic.Resource(schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "httproutes"}).Namespace(ns)
	route := func(weight int64) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": map[string]any{"name": "app"},
			"spec": map[string]any{
				"parentRefs": []any{map[string]any{"name": "gateway"}},
				"rules":      []any{map[string]any{"backendRefs": []any{map[string]any{"name": "app", "port": int64(80), "weight": weight}}}},
			},
		}}
	}
	if _, err := routes.Create(t.Context(), route(-1), metav1.CreateOptions{}); !apierrors.IsInvalid(err) {
		t.Errorf("a negative weight: %v", err)
	}
	if _, err := routes.Create(t.Context(), route(10), metav1.CreateOptions{}); err != nil {
		t.Error(err)
	}
	services := f.Dynamic.Resource(schema.GroupVersionResource{Group: "serving.kserve.io", Version: "v1beta1", Resource: "inferenceservices"}).Namespace(ns)
	if _, err := services.Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": map[string]any{"name": "app"},
		"spec": map[string]any{"predictor": map[string]any{"minReplicas": int64(1)}},
	}}, metav1.CreateOptions{}); err != nil {
		t.Error(err)
	}
	want := []string{"HTTPRoute.gateway.networking.k8s.io/app", "InferenceService.serving.kserve.io/app"}
	if diff := cmp.Diff(want, f.Objects(t, ns)); diff != "" {
		t.Error(diff)
	}
}
