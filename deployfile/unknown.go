package deployfile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/suggest"
)

// ruleUnknownKey is the rule whose hint Render breaks into lines: it may list all keys.
const ruleUnknownKey = "unknown-key"

// strangeKey reports a key that a table does not have: it is another kind's, or
// unknown.
func (r *report) strangeKey(table []string, name string, keys []key) {
	at := join(table, name)
	kind := r.kindAt(table)
	others := r.kindsWith(at)
	switch {
	case len(others) == 0:
		r.atKey(r.unknownKey(table, name, keys), at...)
	case kind != "":
		r.atKey(Problem{
			"misplaced-key", fmt.Sprintf("a target of kind %q has no %s", kind, describe(at[2:])),
			"remove it: it is only for " + strings.Join(others, ", "),
		}, at...)
	}
	// For a target without a kind, only the missing kind is reported.
}

// kindsWith lists the kinds that have the key at the path.
func (r *report) kindsWith(path []string) []string {
	if targetOf(path) == "" || len(path) < 3 {
		return nil
	}
	within := slices.DeleteFunc(slices.Clone(path[2:]), isNumber)
	var names []string
	for _, k := range r.kinds {
		if _, ok := keyAt(k, within); ok {
			names = append(names, k.Name)
		}
	}
	return names
}

// unknownKey reports a key that no table has there, and where it belongs or what was
// probably meant.
func (r *report) unknownKey(table []string, name string, keys []key) Problem {
	p := Problem{Rule: ruleUnknownKey, Message: fmt.Sprintf("unknown key %q", name)}
	if len(table) > 0 {
		p.Message += " in [" + describe(table) + "]"
	} else {
		p.Message += " at the top level"
	}
	file := keysOf(reflect.TypeFor[File]())
	if _, ok := findKey(file, name); ok {
		p.Hint = fmt.Sprintf("it belongs at the top level: [%s]", name)
		return p
	}
	if owners := r.tablesOfTarget(table, name); len(owners) > 0 {
		p.Hint = "it belongs in " + strings.Join(owners, " or ")
		return p
	}
	if owners := r.tablesWith(file, name); len(owners) == 1 {
		p.Hint = "it belongs in " + owners[0]
		return p
	}
	names := keyNames(keys)
	if near := suggest.Closest(name, names); near != "" {
		r.misspelt[describe(join(table, near))] = true
		p.Hint = fmt.Sprintf("did you mean %q?", near)
		return p
	}
	p.Hint = "known keys are " + strings.Join(names, ", ")
	return p
}

// kindAt returns the kind of the target that a table is or is part of; "" for other
// tables, and where the kind is not known.
func (r *report) kindAt(table []string) string {
	if targetOf(table) == "" {
		return ""
	}
	targets, _ := r.tree["targets"].(map[string]any)
	target, _ := targets[table[1]].(map[string]any)
	kind, _ := target["kind"].(string)
	kind = r.substitute(kind)
	if _, ok := findKind(r.kinds, kind); !ok {
		return ""
	}
	return kind
}

// tablesOfTarget lists the tables of the same target that have the key: the
// target itself and those inside it. Without a kind, every kind has a say.
func (r *report) tablesOfTarget(table []string, name string) []string {
	if targetOf(table) == "" {
		return nil
	}
	kinds := r.kinds
	if kind, ok := findKind(kinds, r.kindAt(table)); ok {
		kinds = []Kind{kind}
	}
	var tables []string
	add := func(format string, keys []key, names ...any) {
		text := fmt.Sprintf(format, names...)
		if _, ok := findKey(keys, name); ok && !slices.Contains(tables, text) {
			tables = append(tables, text)
		}
	}
	header := "targets." + bareOrQuoted(table[1])
	for _, kind := range kinds {
		keys := keysOfKind(kind)
		add("[%s]", keys, header)
		for _, k := range keys {
			if inner := k.table(); inner != nil {
				format := "[%s.%s]"
				if k.field.Type.Kind() == reflect.Slice {
					format = "[[%s.%s]]"
				}
				add(format, keysOf(inner), header, k.name)
			}
		}
	}
	return tables
}

// tablesWith lists the tables that have the key.
func (r *report) tablesWith(file []key, name string) []string {
	var tables []string
	for _, k := range file {
		if t := k.table(); t != nil {
			if _, ok := findKey(keysOf(t), name); ok {
				tables = append(tables, "["+k.name+"]")
			}
		}
	}
	if _, ok := findKey(keysOf(reflect.TypeFor[Index]()), name); ok {
		tables = append(tables, "[[environment.indexes]]")
	}
	if slices.ContainsFunc(r.kinds, func(k Kind) bool { _, ok := findKey(keysOfKind(k), name); return ok }) {
		tables = append(tables, "[targets.NAME]")
	}
	return tables
}
