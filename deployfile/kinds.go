package deployfile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// targetKinds lists the kinds of targets in the order that messages and the
// schema have. Which keys go with which kind, the tags of Target say.
func targetKinds() []string {
	return []string{"docker", "containerd", "registry", "kubernetes", "kserve"}
}

// kindsWith lists the kinds that have a field, nil if all have it.
func kindsWith(field reflect.StructField) []string {
	tag := field.Tag.Get("kinds")
	if tag == "" {
		return nil
	}
	return strings.Split(tag, ",")
}

func hasField(kind string, field reflect.StructField) bool {
	kinds := kindsWith(field)
	return kinds == nil || slices.Contains(kinds, kind)
}

// kindHas says whether a kind of target has the key of that name.
func kindHas(kind, key string) bool {
	return slices.Contains(keysOfKind(kind, reflect.TypeFor[Target]()), key)
}

// keysOfKind lists the keys of a table that a kind of target has; for kind ""
// all of them.
func keysOfKind(kind string, table reflect.Type) []string {
	var keys []string
	for field := range keyFields(table) {
		if kind == "" || hasField(kind, field) {
			keys = append(keys, field.Tag.Get("toml"))
		}
	}
	return keys
}

// misplacedKeys refuses the keys of a table, and of the tables inside it, that
// the kind of the target does not have.
func (r *report) misplacedKeys(kind string, table reflect.Type, path []string) {
	for field := range keyFields(table) {
		at := join(path, field.Tag.Get("toml"))
		switch inner := structOf(field.Type); {
		case !r.written(at...):
		case !hasField(kind, field):
			r.atKey(problem{
				"misplaced-key", fmt.Sprintf("a target of kind %q has no %s", kind, describe(at[2:])),
				"remove it: it is only for " + strings.Join(kindsWith(field), ", "),
			}, at...)
		case inner != nil:
			r.misplacedKeys(kind, inner, at)
		}
	}
}
