//go:build linux

package cluster

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/yaml"
)

// inferenceServices defines KServe's kind. Its own definition is in no Go
// module that can be had everywhere, so that this one takes any fields.
const inferenceServices = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: inferenceservices.serving.kserve.io
spec:
  group: serving.kserve.io
  scope: Namespaced
  names: {kind: InferenceService, listKind: InferenceServiceList, plural: inferenceservices, singular: inferenceservice, shortNames: [isvc]}
  versions:
    - name: v1beta1
      served: true
      storage: true
      subresources: {status: {}}
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, x-kubernetes-preserve-unknown-fields: true}
            status: {type: object, x-kubernetes-preserve-unknown-fields: true}
`

// DefineKServe makes the API server know the kind InferenceService. Nothing
// acts on its objects: the test sets their status.
func (c *Cluster) DefineKServe(t testing.TB) {
	t.Helper()
	c.define(t, []byte(inferenceServices))
}

// DefineGatewayAPI makes the API server know the kind HTTPRoute, by the
// Gateway API's own definition. Nothing acts on its objects: the test sets
// their status.
func (c *Cluster) DefineGatewayAPI(t testing.TB) {
	t.Helper()
	program, err := find("kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	definition, err := os.ReadFile(filepath.Join(filepath.Dir(program), "definitions", "httproutes.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	c.define(t, definition)
}

// define creates a custom kind, unless it is there, and waits until the API
// server lists it. It stays: other tests may use it as well.
func (c *Cluster) define(t testing.TB, definition []byte) {
	t.Helper()
	var o unstructured.Unstructured
	if err := yaml.Unmarshal(definition, &o.Object); err != nil {
		t.Fatal(err)
	}
	kinds := c.Dynamic.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	if _, err := kinds.Create(t.Context(), &o, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	kind, _, err := unstructured.NestedString(o.Object, "spec", "names", "kind")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.control.wait(o.GetName(), func(context.Context) error {
		lists, err := discovery.ServerPreferredNamespacedResources(c.Client.Discovery())
		if err != nil {
			return err
		}
		for _, list := range lists {
			for _, r := range list.APIResources {
				if r.Kind == kind {
					return nil
				}
			}
		}
		return errors.New("the API server does not list it")
	}); err != nil {
		t.Fatal(err)
	}
}
