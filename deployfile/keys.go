package deployfile

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// key is one key of a table: a field of a struct, or of one that it embeds,
// with what its tags say of its value.
type key struct {
	name string
	// field has the index from the outer struct, owner is the struct that
	// declares it.
	field reflect.StructField
	owner reflect.Type

	// enum are the values that it may have, format and keys the names of the
	// formats of its values and of a map's keys.
	enum         []string
	format, keys string
	min, max     *int
	// standard is the default, "" for none.
	standard string
	// unique is for lists that have nothing twice; saysUnique is, too, for those
	// where a check of their own reports it.
	unique, saysUnique bool
	// empty marks texts where "" means none.
	empty bool
	// required says why the key must be there, and example how it may look.
	required, example string
}

// keysOf lists the keys of a struct, those of embedded structs in their place.
func keysOf(t reflect.Type) []key {
	var keys []key
	for _, field := range reflect.VisibleFields(t) {
		name := field.Tag.Get("toml")
		if name == "" || name == "-" {
			continue
		}
		owner := t
		if n := len(field.Index); n > 1 {
			owner = t.FieldByIndex(field.Index[:n-1]).Type
		}
		unique := field.Tag.Get("unique")
		keys = append(keys, key{
			name: name, field: field, owner: owner,
			enum:   strings.Fields(field.Tag.Get("enum")),
			format: field.Tag.Get("format"), keys: field.Tag.Get("keys"),
			min: number(field, "min"), max: number(field, "max"),
			standard: field.Tag.Get("default"),
			unique:   unique == "true", saysUnique: unique != "",
			empty:    field.Tag.Get("empty") == "true",
			required: field.Tag.Get("required"), example: field.Tag.Get("example"),
		})
	}
	return keys
}

// number returns the integer of a tag, nil without one.
func number(field reflect.StructField, tag string) *int {
	text, ok := field.Tag.Lookup(tag)
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(fmt.Sprintf("deployfile: the tag %s of field %s is not an integer: %q", tag, field.Name, text))
	}
	return &n
}

// in returns the field of the key in a struct.
func (k key) in(table reflect.Value) reflect.Value { return table.FieldByIndex(k.field.Index) }

// table returns the struct type of a key that is a table or a list of tables,
// and nil for others.
func (k key) table() reflect.Type {
	t := k.field.Type
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return structOf(t)
}

// keyNames lists the names of keys.
func keyNames(keys []key) []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	return names
}

// findKey returns the key of that name.
func findKey(keys []key, name string) (key, bool) {
	for _, k := range keys {
		if k.name == name {
			return k, true
		}
	}
	return key{}, false
}

// keysOfKind lists the keys that a target of the kind has, those of every kind
// first.
func keysOfKind(k Kind) []key {
	return append(keysOf(reflect.TypeFor[Target]()), keysOf(specType(k))...)
}

// specType returns the struct of the kind's own keys.
func specType(k Kind) reflect.Type { return reflect.TypeOf(k.New()).Elem() }

// keyAt returns the key at a path of a target of the kind, such as
// "autoscale", "max".
func keyAt(k Kind, path []string) (key, bool) {
	keys := keysOfKind(k)
	for i, name := range path {
		found, ok := findKey(keys, name)
		if !ok || i == len(path)-1 {
			return found, ok
		}
		table := found.table()
		if table == nil {
			return key{}, false
		}
		keys = keysOf(table)
	}
	return key{}, false
}
