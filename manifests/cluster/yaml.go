package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/manifests"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// object is a Kubernetes object as decoded JSON, before it becomes a document.
type object struct {
	apiVersion, kind, namespace, name string
	// track is that of the slot whose release it is made from, and whose patches
	// change it.
	track   string
	content map[string]any
}

// id identifies an object in a cluster.
func (o object) id() [4]string { return [4]string{o.apiVersion, o.kind, o.namespace, o.name} }

// label returns the value of a label, "" if it is missing.
func (o object) label(name string) string {
	meta, _ := o.content["metadata"].(map[string]any)
	labels, _ := meta["labels"].(map[string]any)
	value, _ := labels[name].(string)
	return value
}

// newObject converts a value of a Kubernetes type. It drops the fields that only a
// cluster sets and that the type cannot omit.
func newObject(typed any) (object, error) {
	body, err := json.Marshal(typed)
	if err != nil {
		return object{}, err
	}
	return parseObject(body)
}

func parseObject(body []byte) (object, error) {
	var content map[string]any
	if err := utiljson.Unmarshal(body, &content); err != nil {
		return object{}, err
	}
	delete(content, "status")
	dropEmpty(content)
	o := object{content: content}
	o.apiVersion, _ = content["apiVersion"].(string)
	o.kind, _ = content["kind"].(string)
	meta, _ := content["metadata"].(map[string]any)
	o.name, _ = meta["name"].(string)
	o.namespace, _ = meta["namespace"].(string)
	return o, nil
}

// dropEmpty removes null, and the empty structs of Kubernetes' types that mean
// nothing; an empty emptyDir or selector does.
func dropEmpty(v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			dropEmpty(value)
			fields, isMap := value.(map[string]any)
			if value == nil || isMap && len(fields) == 0 && (key == "resources" || key == "strategy" || key == "spec") {
				delete(v, key)
			}
		}
	case []any:
		for _, item := range v {
			dropEmpty(item)
		}
	}
}

// String returns the object's name for messages.
func (o object) String() string { return fmt.Sprintf("%s %q", o.kind, o.name) }

// readBack fails if decoding a document does not give the object: the YAML library does
// not escape a few characters that readers take for line ends.
func (o object) readBack(body []byte) error {
	want, err := json.Marshal(o.content)
	if err != nil {
		return fmt.Errorf("%s: %w", o, err)
	}
	if got, err := yaml.YAMLToJSON(body); err != nil || !bytes.Equal(got, want) {
		return fmt.Errorf("%s has a text that is another one in YAML, with a character such as U+0085 (next line) in it; take it out of the target's keys and patches in the Deployfile", o)
	}
	return nil
}

// document returns the object as YAML, its keys in alphabetical order, in a file
// named after its kind and after what its name has besides the endpoint's.
func (o object) document(endpoint string) (manifests.Document, error) {
	body, err := yaml.Marshal(o.content)
	if err != nil {
		return manifests.Document{}, fmt.Errorf("%s: %w", o, err)
	}
	if err := o.readBack(body); err != nil {
		return manifests.Document{}, err
	}
	name := strings.ToLower(o.kind)
	if o.name != endpoint {
		name += "-" + strings.TrimPrefix(o.name, endpoint+"-")
	}
	return manifests.Document{Name: name + ".yaml", Body: body}, nil
}
