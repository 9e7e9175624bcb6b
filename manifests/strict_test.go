package manifests_test

import (
	"testing"

	. "github.com/deployfile/deployfile/manifests"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// render returns a state's documents.
func render(t *testing.T, s State) []Document {
	t.Helper()
	documents, err := Render(s)
	if err != nil {
		t.Fatal(err)
	}
	return documents
}

func parse(t *testing.T, d Document) map[string]any {
	t.Helper()
	body, err := yaml.YAMLToJSONStrict(d.Body)
	if err != nil {
		t.Fatalf("%s: %v", d.Name, err)
	}
	var content map[string]any
	if err := utiljson.Unmarshal(body, &content); err != nil {
		t.Fatalf("%s: %v", d.Name, err)
	}
	return content
}

// at returns the field of a document below the keys.
func at[T any](t *testing.T, content any, keys ...string) T {
	t.Helper()
	for _, key := range keys {
		fields, ok := content.(map[string]any)
		if !ok {
			t.Fatalf("no fields above %q of %q", key, keys)
		}
		content = fields[key]
	}
	value, ok := content.(T)
	if !ok {
		t.Fatalf("%q is %v", keys, content)
	}
	return value
}

func texts(t *testing.T, content any, keys ...string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for key, value := range at[map[string]any](t, content, keys...) {
		out[key], _ = value.(string)
	}
	return out
}

// strict checks a document as an API server's strict field validation does: no
// field is unknown or there twice, and none has a value of another type.
func strict(t *testing.T, d Document) {
	t.Helper()
	content := parse(t, d)
	if content["status"] != nil {
		t.Errorf("%s has a status", d.Name)
	}
	kind := at[string](t, content, "kind")
	if kind == "HTTPRoute" || kind == "InferenceService" {
		// Their packages have types of their own.
		return
	}
	typed := map[string]any{
		"Job": &batchv1.Job{}, "ConfigMap": &corev1.ConfigMap{}, "Secret": &corev1.Secret{},
		"ServiceAccount": &corev1.ServiceAccount{}, "NetworkPolicy": &networkingv1.NetworkPolicy{},
		"Deployment": &appsv1.Deployment{}, "Service": &corev1.Service{}, "Ingress": &networkingv1.Ingress{},
		"HorizontalPodAutoscaler": &autoscalingv2.HorizontalPodAutoscaler{}, "PodDisruptionBudget": &policyv1.PodDisruptionBudget{},
	}[kind]
	if typed == nil {
		t.Fatalf("%s: %s is of no known kind", d.Name, kind)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(content, typed, true); err != nil {
		t.Errorf("%s: %v", d.Name, err)
	}
}
