package deployfile

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Keys returns the target's keys but for kind and endpoint as a JSON object,
// under the names that they have in a Deployfile. Zero ones are left out.
func (t Target) Keys() (json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	for _, part := range []any{t, t.Spec} {
		keys, err := json.Marshal(part)
		if err != nil {
			return nil, fmt.Errorf("target %q: %w", t.Name, err)
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(keys, &object); err != nil {
			return nil, fmt.Errorf("target %q: %w", t.Name, err)
		}
		maps.Copy(all, object)
	}
	return json.Marshal(all)
}

// NewTarget returns a target of a kind, with the keys that Keys returned. A key
// that the kind does not have is an error.
func NewTarget(kind Kind, name, endpoint string, keys []byte) (Target, error) {
	t := Target{Name: name, Kind: kind.Name, Endpoint: endpoint, Spec: kind.New()}
	fail := func(err error) (Target, error) {
		return Target{}, fmt.Errorf("target %q of kind %q: %w", name, kind.Name, err)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(keys, &object); err != nil {
		return fail(err)
	}
	known := keysOfKind(kind)
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if _, ok := findKey(known, key); !ok {
			return fail(fmt.Errorf("unknown key %q", key))
		}
	}
	for _, part := range []any{&t, t.Spec} {
		if err := json.Unmarshal(keys, part); err != nil {
			return fail(err)
		}
	}
	return t, nil
}
