package deployfile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

func (t *targetReport) patches() {
	for i, patch := range t.Patches {
		keys := []string{"patches", strconv.Itoa(i)}
		if !t.has(keys...) {
			continue
		}
		t.required("it says which objects are changed", `kind = "Deployment"`, "patches", keys[1], "kind")
		t.required("it is what is changed, in YAML or JSON", `patch = '{ "metadata": { "labels": { "team": "flowers" } } }'`, "patches", keys[1], "patch")
		t.named(patch.Kind, t.like(objectKindPattern), "the kind of an object of Kubernetes", `for example "Deployment"`, "patches", keys[1], "kind")
		if patch.Name != "" {
			t.object(patch.Name, "patches", keys[1], "name")
		}
		if t.has("patches", keys[1], "patch") {
			t.patch(patch.Patch, t.at("patches", keys[1], "patch"))
		}
	}
}

// patch checks that a text is a merge patch or a JSON patch.
func (t *targetReport) patch(text string, path []string) {
	refuse := func(line int, format string, a ...any) {
		t.atLine(line, problem{"invalid-patch", describe(path) + " " + fmt.Sprintf(format, a...), ""}, path)
	}
	root, line, err := parseYAML(text)
	switch {
	case err != nil:
		refuse(line, "is not one document of YAML or JSON: %v", err)
	case root == nil:
		refuse(0, "is empty")
	case root.Kind == yaml.SequenceNode:
		for _, item := range root.Content {
			if why := jsonPatchOperation(item); why != "" {
				refuse(item.Line, "is a list, a JSON patch, but %s", why)
				return
			}
		}
	case root.Kind != yaml.MappingNode:
		refuse(root.Line, "must be an object (a merge patch) or a list (a JSON patch)")
	}
}

// jsonPatchOperation says what is wrong with an operation of RFC 6902, ""
// if nothing is.
func jsonPatchOperation(item *yaml.Node) string {
	var operation struct {
		Op   string  `yaml:"op"`
		Path *string `yaml:"path"`
	}
	if item.Kind != yaml.MappingNode || item.Decode(&operation) != nil {
		return "an item of it is no object with op and path"
	}
	if known := patchOperations(); !slices.Contains(known, operation.Op) {
		return fmt.Sprintf("%q is no operation: op must be %s", operation.Op, alternatives(known))
	}
	if operation.Path == nil || *operation.Path != "" && !strings.HasPrefix(*operation.Path, "/") {
		return `an operation has no path that starts with "/"`
	}
	return ""
}
