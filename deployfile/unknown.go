package deployfile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// unknownKey says of a key that no field has where it belongs or what was
// probably meant.
func (r *report) unknownKey(table []string, key string, t reflect.Type) problem {
	p := problem{rule: "unknown-key", message: fmt.Sprintf("unknown key %q", key)}
	if len(table) > 0 {
		p.message += " in [" + describe(table) + "]"
	} else {
		p.message += " at the top level"
	}
	keys := keysOf(t)
	if kind := r.kindAt(table); kind != "" {
		keys = keysOfKind(kind, t)
	}
	if slices.Contains(keysOf(reflect.TypeFor[File]()), key) {
		p.hint = fmt.Sprintf("it belongs at the top level: [%s]", key)
		return p
	}
	if owners := r.tablesOfTarget(table, key); len(owners) > 0 {
		p.hint = "it belongs in " + strings.Join(owners, " or ")
		return p
	}
	if owners := tablesWith(key); len(owners) == 1 {
		p.hint = "it belongs in " + owners[0]
		return p
	}
	if near := closest(key, keys); near != "" {
		p.hint = fmt.Sprintf("did you mean %q?", near)
		return p
	}
	p.hint = "known keys are " + strings.Join(keys, ", ")
	return p
}

// kindAt is the kind of the target that a table is or is part of; "" for other
// tables, and where the kind is none.
func (r *report) kindAt(table []string) string {
	if len(table) < 2 || table[0] != "targets" {
		return ""
	}
	targets, _ := r.tree["targets"].(map[string]any)
	target, _ := targets[table[1]].(map[string]any)
	kind, _ := target["kind"].(string)
	if !slices.Contains(targetKinds(), kind) {
		return ""
	}
	return kind
}

// tablesOfTarget lists the tables of the same target that have the key: the
// target itself and those inside it, as far as its kind has them.
func (r *report) tablesOfTarget(table []string, key string) []string {
	if len(table) < 2 || table[0] != "targets" {
		return nil
	}
	var tables []string
	kind, target := r.kindAt(table), reflect.TypeFor[Target]()
	header := "targets." + bareOrQuoted(table[1])
	if slices.Contains(keysOfKind(kind, target), key) {
		tables = append(tables, "["+header+"]")
	}
	for field := range keyFields(target) {
		inner := structOf(field.Type)
		format := "[%s.%s]"
		if field.Type.Kind() == reflect.Slice {
			inner = structOf(field.Type.Elem())
			format = "[[%s.%s]]"
		}
		if inner != nil && (kind == "" || hasField(kind, field)) && slices.Contains(keysOfKind(kind, inner), key) {
			tables = append(tables, fmt.Sprintf(format, header, field.Tag.Get("toml")))
		}
	}
	return tables
}

// tablesWith lists the tables that have the key.
func tablesWith(key string) []string {
	var tables []string
	for field := range keyFields(reflect.TypeFor[File]()) {
		if t := structOf(field.Type); t != nil && slices.Contains(keysOf(t), key) {
			tables = append(tables, "["+field.Tag.Get("toml")+"]")
		}
	}
	if slices.Contains(keysOf(reflect.TypeFor[Index]()), key) {
		tables = append(tables, "[[environment.indexes]]")
	}
	if slices.Contains(keysOf(reflect.TypeFor[Target]()), key) {
		tables = append(tables, "[targets.NAME]")
	}
	return tables
}
