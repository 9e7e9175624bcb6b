package mlmodel

import (
	"fmt"
	"math"
	"time"

	"go.yaml.in/yaml/v3"
)

// maxDepth limits the nesting of values in a YAML file.
const maxDepth = 1000

// valuer converts YAML nodes to JSON values. The YAML library's own decoding
// compares each key of a mapping with all others.
type valuer struct {
	doc *document
	// left is the remaining number of nodes: aliases multiply them.
	left int
}

// value converts what YAML has and JSON does not (keys that are not strings,
// times, NaN) to strings.
func (v *valuer) value(n *yaml.Node, depth int) (any, error) {
	if v.left--; v.left < 0 {
		return nil, v.doc.fault(n.Line, fmt.Sprintf("with its aliases expanded, this has more than %d values", maxNodes), "")
	}
	if depth > maxDepth {
		return nil, v.doc.fault(n.Line, fmt.Sprintf("this nests more than %d levels deep", maxDepth), "")
	}
	switch n.Kind {
	case yaml.AliasNode:
		return v.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			var err error
			if list[i], err = v.value(item, depth+1); err != nil {
				return nil, err
			}
		}
		return list, nil
	case yaml.MappingNode:
		return v.mapping(n, depth)
	}
	return v.scalar(n)
}

func (v *valuer) scalar(n *yaml.Node) (any, error) {
	var value any
	if err := n.Decode(&value); err != nil {
		return nil, v.doc.fault(n.Line, "this is not YAML: "+yamlLine.ReplaceAllString(err.Error(), ""), "")
	}
	switch value := value.(type) {
	case time.Time:
		return value.Format(time.RFC3339Nano), nil
	case float64:
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return fmt.Sprint(value), nil
		}
	}
	return value, nil
}

func (v *valuer) mapping(n *yaml.Node, depth int) (map[string]any, error) {
	out := make(map[string]any, len(n.Content)/2)
	lines := map[string]int{}
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := follow(n.Content[i])
		if key.Kind != yaml.ScalarNode {
			return nil, v.doc.fault(key.Line, "a key must be a string", "")
		}
		if key.Value == "<<" && key.Tag == "!!merge" {
			merged = append(merged, n.Content[i+1])
			continue
		}
		if line, twice := lines[key.Value]; twice {
			return nil, v.doc.fault(key.Line, fmt.Sprintf("this is not YAML: mapping key %q already defined at line %d", key.Value, line), "")
		}
		lines[key.Value] = key.Line
		var name any
		if err := key.Decode(&name); err != nil {
			return nil, v.doc.fault(key.Line, "this is not YAML: "+yamlLine.ReplaceAllString(err.Error(), ""), "")
		}
		var err error
		if out[fmt.Sprint(name)], err = v.value(n.Content[i+1], depth+1); err != nil {
			return nil, err
		}
	}
	for _, m := range merged {
		if err := v.merge(out, m, depth); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// merge adds the missing keys of a mapping, or of the mappings of a list
// (https://yaml.org/type/merge.html).
func (v *valuer) merge(into map[string]any, n *yaml.Node, depth int) error {
	sources := []*yaml.Node{n}
	if list := follow(n); list.Kind == yaml.SequenceNode {
		sources = list.Content
	}
	for _, s := range sources {
		if follow(s).Kind != yaml.MappingNode {
			return v.doc.fault(n.Line, "this is not YAML: map merge requires map or sequence of maps as the value", "")
		}
		value, err := v.value(s, depth+1)
		if err != nil {
			return err
		}
		for key, value := range value.(map[string]any) {
			if _, there := into[key]; !there {
				into[key] = value
			}
		}
	}
	return nil
}
