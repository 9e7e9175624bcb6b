package untrusted

import (
	"encoding/json"
	"fmt"
)

// DecodeJSON decodes JSON, such as the record of a revision at a target, of at
// most limit bytes and as many values. Each brace, bracket and comma outside
// strings counts as a value, because some values take a hundred times the
// memory of their text. name is the input's name in errors, which are
// *TooLargeError, *StructureError, and those of encoding/json, which itself
// limits nesting.
func DecodeJSON(data []byte, name string, limit int64, values int, into any) error {
	if int64(len(data)) > limit {
		return &TooLargeError{Name: name, Limit: limit}
	}
	if err := checkJSON(data, values); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func checkJSON(data []byte, values int) error {
	count, quoted := 0, false
	for at := 0; at < len(data); at++ {
		switch c := data[at]; {
		case quoted && c == '\\':
			at++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '{' || c == '[' || c == ','):
			if count++; count > values {
				return &StructureError{Offset: at, Measure: Nodes, Limit: values}
			}
		}
	}
	return nil
}
