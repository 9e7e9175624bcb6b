package manifests

import (
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
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
	o, err := parseObject(body)
	if err != nil {
		t.Fatalf("%s: %v", d.Name, err)
	}
	return o.content
}

// at is the field of a document below the keys.
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
	kind := at[string](t, content, "kind")
	typed := map[string]any{
		"Job": &batchv1.Job{}, "ConfigMap": &corev1.ConfigMap{}, "Secret": &corev1.Secret{},
		"HTTPRoute": &routeObject{}, "InferenceService": &inferenceService{},
	}[kind]
	if typed == nil {
		typed = newKnown(kind)
	}
	if typed == nil {
		t.Fatalf("%s: %s is of no known kind", d.Name, kind)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(content, typed, true); err != nil {
		t.Errorf("%s: %v", d.Name, err)
	}
	if content["status"] != nil {
		t.Errorf("%s has a status", d.Name)
	}
}
