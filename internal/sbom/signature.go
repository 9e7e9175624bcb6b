package sbom

import (
	"encoding/json"
	"fmt"
)

// signature is a model's signature, with a phrase for each column or tensor.
type signature struct {
	inputs, outputs []string
}

// newSignature parses mlmodel.Model's Signature.
func newSignature(data json.RawMessage) (signature, error) {
	if len(data) == 0 {
		return signature{}, nil
	}
	var raw struct{ Inputs, Outputs []json.RawMessage }
	if err := json.Unmarshal(data, &raw); err != nil {
		return signature{}, fmt.Errorf("the model's signature: %w", err)
	}
	var s signature
	for _, side := range []struct {
		from []json.RawMessage
		to   *[]string
	}{{raw.Inputs, &s.inputs}, {raw.Outputs, &s.outputs}} {
		for _, column := range side.from {
			*side.to = append(*side.to, phrase(column))
		}
	}
	return s, nil
}

// phrase returns "name: type", "name: type, optional" or "name: tensor of int64
// [-1,3]"; the column's JSON for a compound type.
func phrase(column json.RawMessage) string {
	var c struct {
		Name     string
		Type     string
		Required *bool
		Tensor   struct {
			DType string
			Shape json.RawMessage
		} `json:"tensor-spec"`
	}
	if err := json.Unmarshal(column, &c); err != nil {
		return string(column)
	}
	text := c.Type
	switch c.Type {
	case "", "array", "object", "map", "sparkml_vector":
		return string(column)
	case "tensor":
		text = fmt.Sprintf("tensor of %s %s", c.Tensor.DType, c.Tensor.Shape)
	}
	if c.Required != nil && !*c.Required {
		text += ", optional"
	}
	if c.Name != "" {
		text = c.Name + ": " + text
	}
	return text
}
