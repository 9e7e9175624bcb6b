package deployfile

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// This file goes when records have the format of record/v1: until then, targets
// are in the JSON of what is stored, and were there under the names of Go fields.

// storedTarget is a Target in JSON.
type storedTarget struct {
	Name, Kind, Endpoint string
	// Keys are those that Target.Keys returns.
	Keys json.RawMessage
}

// MarshalJSON encodes a target for Restore.
func (t Target) MarshalJSON() ([]byte, error) {
	keys, err := t.Keys()
	if err != nil {
		return nil, err
	}
	return json.Marshal(storedTarget{t.Name, t.Kind, t.Endpoint, keys})
}

// UnmarshalJSON decodes what MarshalJSON encoded. The keys of the kind are there
// only after Restore.
func (t *Target) UnmarshalJSON(data []byte) error {
	var stored storedTarget
	if err := json.Unmarshal(data, &stored); err != nil {
		return err
	}
	*t = Target{Name: stored.Name, Kind: stored.Kind, Endpoint: stored.Endpoint, Spec: &storedSpec{stored.Keys, data}}
	return nil
}

// storedSpec is a Spec whose keys Restore has not decoded yet.
type storedSpec struct {
	keys json.RawMessage
	// flat is the whole target, with its keys beside its name if keys is nil.
	flat json.RawMessage
}

func (s *storedSpec) Kind() Kind         { return Kind{} }
func (s *storedSpec) Check(*Check)       {}
func (s *storedSpec) Place(Target) Place { return Place{} }

// Restore fills in the keys of a target that was decoded from JSON.
func (t *Target) Restore(kinds []Kind) error {
	stored, ok := t.Spec.(*storedSpec)
	if !ok {
		return nil
	}
	kind, ok := findKind(kinds, t.Kind)
	if !ok {
		return fmt.Errorf("target %q is of kind %q, which is not known", t.Name, t.Kind)
	}
	keys := stored.keys
	if keys == nil {
		var flat map[string]any
		if err := json.Unmarshal(stored.flat, &flat); err != nil {
			return err
		}
		var err error
		if keys, err = json.Marshal(renamed(keysOfKind(kind), flat)); err != nil {
			return err
		}
	}
	restored, err := NewTarget(kind, t.Name, t.Endpoint, keys)
	if err != nil {
		return err
	}
	*t = restored
	return nil
}

// renamed has the keys of an object under the names of Go fields.
func renamed(keys []key, object map[string]any) map[string]any {
	was := map[string]string{"min-available": "DisruptionBudget", "allow-from": "NetworkPolicy"}
	out := map[string]any{}
	for _, k := range keys {
		name := k.field.Name
		if other, ok := was[k.name]; ok {
			name = other
		}
		value, ok := object[name]
		if !ok || value == nil || k.name == "kind" || k.name == "endpoint" {
			continue
		}
		table := k.table()
		if inner, ok := value.(map[string]any); ok && table != nil {
			value = renamed(keysOf(table), inner)
		}
		if list, ok := value.([]any); ok && table != nil && k.field.Type.Kind() == reflect.Slice {
			for i := range list {
				inner, _ := list[i].(map[string]any)
				list[i] = renamed(keysOf(table), inner)
			}
		}
		out[k.name] = value
	}
	return out
}
