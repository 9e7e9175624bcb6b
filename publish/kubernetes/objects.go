package kubernetes

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	decode "sigs.k8s.io/yaml"

	"github.com/deployfile/deployfile/manifests"
)

// object is one object of a document, with its resource at the API server.
type object struct {
	*unstructured.Unstructured
	document   string
	resource   schema.GroupVersionResource
	namespaced bool
}

// key identifies an object, in any version of its kind.
type key struct{ group, kind, namespace, name string }

func (o object) key() key {
	k := o.GroupVersionKind()
	return key{k.Group, k.Kind, o.GetNamespace(), o.GetName()}
}

// String returns the name for messages: "Deployment models/iris-prod".
func (o object) String() string { return title(o.Unstructured) }

func title(u *unstructured.Unstructured) string {
	if u.GetNamespace() == "" {
		return u.GetKind() + " " + u.GetName()
	}
	return u.GetKind() + " " + u.GetNamespace() + "/" + u.GetName()
}

// usualKinds are the kinds of most endpoints' objects, which every cluster has.
func usualKinds() map[schema.GroupVersion][]string {
	return map[schema.GroupVersion][]string{
		{Version: "v1"}:                             {"Service", "ServiceAccount", "ConfigMap", "Secret", "PersistentVolumeClaim"},
		{Group: "apps", Version: "v1"}:              {"Deployment", "ControllerRevision"},
		{Group: "batch", Version: "v1"}:             {"Job"},
		{Group: "autoscaling", Version: "v2"}:       {"HorizontalPodAutoscaler"},
		{Group: "policy", Version: "v1"}:            {"PodDisruptionBudget"},
		{Group: "networking.k8s.io", Version: "v1"}: {"Ingress", "NetworkPolicy"},
	}
}

// builtIn maps the usual kinds, which saves the discovery of all kinds of the cluster.
func builtIn() meta.RESTMapper {
	m := meta.NewDefaultRESTMapper(nil)
	for version, kinds := range usualKinds() {
		for _, kind := range kinds {
			m.Add(version.WithKind(kind), meta.RESTScopeNamespace)
		}
	}
	return m
}

// parse decodes the objects of documents, in their order.
func parse(documents []manifests.Document) ([]object, error) {
	var out []object
	for _, d := range documents {
		reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(d.Body)))
		for {
			part, err := reader.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", d.Name, err)
			}
			u, err := parseObject(part)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", d.Name, err)
			}
			if u == nil {
				continue
			}
			out = append(out, object{Unstructured: u, document: d.Name})
		}
	}
	return out, nil
}

// objects decodes documents and finds their resources at the API server. The error is a
// *StrangeObjectError for an object that is not this endpoint's.
func (c *connection) objects(ctx context.Context, documents []manifests.Document) ([]object, error) {
	list, err := parse(documents)
	if err != nil {
		return nil, err
	}
	seen := map[key]string{}
	for i := range list {
		o := &list[i]
		if err := c.locate(ctx, o); err != nil {
			return nil, err
		}
		if err := c.own(*o); err != nil {
			return nil, err
		}
		if other, ok := seen[o.key()]; ok {
			return nil, fmt.Errorf("%s: %s is in %s too", o.document, o, other)
		}
		seen[o.key()] = o.document
	}
	return list, nil
}

// locate fills in the resource and the namespace of an object.
func (c *connection) locate(ctx context.Context, o *object) error {
	kind := o.GroupVersionKind()
	mapping, err := retry(ctx, c, func() (*meta.RESTMapping, error) {
		return c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	})
	if meta.IsNoMatchError(err) {
		return &UnknownKindError{Kind: kind.Kind, APIVersion: o.GetAPIVersion(), Cluster: c.where}
	}
	if err != nil {
		return c.explain(err, "looking for kind "+kind.Kind)
	}
	o.resource = mapping.Resource
	o.namespaced = mapping.Scope.Name() == meta.RESTScopeNameNamespace
	if o.namespaced && o.GetNamespace() == "" {
		o.SetNamespace(c.namespace)
	}
	return nil
}

func (c *connection) api(o object) dynamic.ResourceInterface {
	if o.namespaced {
		return c.dynamic.Resource(o.resource).Namespace(o.GetNamespace())
	}
	return c.dynamic.Resource(o.resource)
}

// parseObject decodes one object in YAML; nil if the text has only comments.
func parseObject(text []byte) (*unstructured.Unstructured, error) {
	data, err := decode.YAMLToJSONStrict(text)
	if err != nil {
		return nil, err
	}
	if string(data) == "null" {
		return nil, nil
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(data); err != nil {
		return nil, err
	}
	if u.GetAPIVersion() == "" || u.GetName() == "" {
		return nil, fmt.Errorf("%s: an object needs an apiVersion and a metadata.name", u.GetKind())
	}
	return u, nil
}

// without lists those of a that are missing in b.
func without(a, b []object) []object {
	have := map[key]bool{}
	for _, o := range b {
		have[o.key()] = true
	}
	var out []object
	for _, o := range a {
		if k := o.key(); !have[k] {
			have[k] = true
			out = append(out, o)
		}
	}
	return out
}

// carriesTraffic reports whether the object routes requests to the workloads or affects
// them from outside, so that it is changed once they are ready.
func carriesTraffic(o object) bool {
	switch o.GetKind() {
	case "Service", "Ingress", "HTTPRoute", "HorizontalPodAutoscaler", "PodDisruptionBudget":
		return true
	}
	return strings.HasSuffix(o.GroupVersionKind().Group, "gateway.networking.k8s.io")
}
