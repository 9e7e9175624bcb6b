package cluster

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/suggest"
	"go.yaml.in/yaml/v3"
)

// operations returns the operations of RFC 6902.
func operations() []string { return []string{"add", "remove", "replace", "move", "copy", "test"} }

func (p *Pod) checkPatches(c *deployfile.Check) {
	for i, patch := range p.Patches {
		keys := []string{"patches", strconv.Itoa(i), "patch"}
		if !c.Has(keys...) {
			continue
		}
		if line, why := wrongPatch(patch.Patch); why != "" {
			c.AtLine(line, problem("invalid-patch", c.Called(keys...)+" "+why, ""), keys...)
		}
	}
}

// wrongPatch returns why a text is neither a merge patch nor a JSON patch, and in which
// line, 0 for the whole text; "" if it is one of them.
func wrongPatch(text string) (line int, why string) {
	root, line, err := parseYAML(text)
	switch {
	case err != nil:
		return line, fmt.Sprintf("is not one document of YAML or JSON: %v", err)
	case root == nil:
		return 0, "is empty"
	case root.Kind == yaml.SequenceNode:
		for _, item := range root.Content {
			if why := wrongOperation(item); why != "" {
				return item.Line, "is a list, a JSON patch, but " + why
			}
		}
	case root.Kind != yaml.MappingNode:
		return root.Line, "must be an object (a merge patch) or a list (a JSON patch)"
	}
	return 0, ""
}

// wrongOperation returns what is wrong with an operation of RFC 6902, "" if nothing is.
func wrongOperation(item *yaml.Node) string {
	var operation struct {
		Op   string  `yaml:"op"`
		Path *string `yaml:"path"`
	}
	if item.Kind != yaml.MappingNode || item.Decode(&operation) != nil {
		return "an item of it is no object with op and path"
	}
	if known := operations(); !slices.Contains(known, operation.Op) {
		return fmt.Sprintf("%q is no operation: op must be %s", operation.Op, suggest.Alternatives(known))
	}
	if operation.Path == nil || *operation.Path != "" && !strings.HasPrefix(*operation.Path, "/") {
		return `an operation has no path that starts with "/"`
	}
	return ""
}
