package deployfile

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The TOML library's own decoding into structs stops at the first wrong type
// and ignores the case of keys, so the decoded tree is put into the structs
// here, with every mistake reported.

// tables fills structs that have the keys of one table.
func (r *report) tables(path []string, tree map[string]any, into ...reflect.Value) {
	var keys []key
	var owners []reflect.Value
	for _, table := range into {
		for _, k := range keysOf(table.Type()) {
			keys, owners = append(keys, k), append(owners, table)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		at := join(path, name)
		i := slices.IndexFunc(keys, func(k key) bool { return k.name == name })
		switch {
		case i >= 0:
			r.assign(at, tree[name], keys[i].in(owners[i]))
		case r.full():
			return
		default:
			r.strangeKey(path, name, keys)
		}
	}
}

// target fills in the keys that all targets have, and those of its kind.
func (r *report) target(path []string, tree map[string]any, into *Target) {
	structs := []reflect.Value{reflect.ValueOf(into).Elem()}
	if kind, ok := findKind(r.kinds, r.kindAt(path)); ok {
		into.Spec = kind.New()
		structs = append(structs, structIn(into.Spec))
	}
	r.tables(path, tree, structs...)
}

// assign puts a decoded TOML value into a Go value of any kind that File has.
func (r *report) assign(path []string, value any, into reflect.Value) {
	switch into.Kind() {
	case reflect.String:
		if s, ok := value.(string); ok {
			if strings.ContainsRune(s, 0) {
				r.atValue(Problem{"invalid-value", describe(path) + " contains a NUL character", ""}, path...)
				return
			}
			into.SetString(r.expand(s, path))
			return
		}
	case reflect.Int:
		if n, ok := value.(int64); ok {
			into.SetInt(clamp(n, math.MinInt32, math.MaxInt32))
			return
		}
	case reflect.Bool:
		if b, ok := value.(bool); ok {
			into.SetBool(b)
			return
		}
	case reflect.Struct:
		if tree, ok := value.(map[string]any); ok {
			if target, ok := into.Addr().Interface().(*Target); ok {
				r.target(path, tree, target)
			} else {
				r.tables(path, tree, into)
			}
			return
		}
	case reflect.Pointer:
		element := reflect.New(into.Type().Elem())
		r.assign(path, value, element.Elem())
		into.Set(element)
		return
	case reflect.Interface:
		if v := r.anything(path, value); v != nil {
			into.Set(reflect.ValueOf(v))
		}
		return
	case reflect.Map:
		if tree, ok := value.(map[string]any); ok {
			r.mapOf(path, tree, into)
			return
		}
	case reflect.Slice:
		if list := reflect.ValueOf(value); list.Kind() == reflect.Slice {
			into.Set(reflect.MakeSlice(into.Type(), list.Len(), list.Len()))
			for i := range list.Len() {
				r.assign(join(path, strconv.Itoa(i)), list.Index(i).Interface(), into.Index(i))
			}
			return
		}
	}
	if !r.full() {
		r.atValue(r.wrongType(path, value, into.Type()), path...)
	}
}

func (r *report) mapOf(path []string, tree map[string]any, into reflect.Value) {
	into.Set(reflect.MakeMapWithSize(into.Type(), len(tree)))
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		element := reflect.New(into.Type().Elem()).Elem()
		r.assign(join(path, key), tree[key], element)
		into.SetMapIndex(reflect.ValueOf(key), element)
	}
}

func (r *report) wrongType(path []string, value any, want reflect.Type) Problem {
	p := Problem{
		Rule:    "wrong-type",
		Message: fmt.Sprintf("%s must be %s, but is %s", describe(path), typeName(want), tomlTypeName(value)),
	}
	last := path[len(path)-1]
	raw := r.index.raw(path)
	_, isString := value.(string)
	_, isTable := value.(map[string]any)
	short := !strings.Contains(raw, "\n")
	switch {
	case want.Kind() == reflect.String && tomlScalar(value) && short:
		p.Hint = fmt.Sprintf("put it in quotes: %q", raw)
	case want.Kind() == reflect.Int && isString && isInteger(value) || want.Kind() == reflect.Bool && isBool(value):
		p.Hint = fmt.Sprintf("leave out the quotes: %v", value)
	case want == reflect.TypeFor[[]string]() && isString && short:
		p.Hint = fmt.Sprintf("put it in brackets: [%s]", raw)
	case isTableType(want) && !isNumber(last):
		p.Hint = fmt.Sprintf("write its keys below the line [%s]", strings.Join(path, "."))
	case want.Kind() == reflect.Slice && isTableType(want.Elem()) && isTable:
		p.Hint = fmt.Sprintf("write [[%s]], with two brackets", strings.Join(path, "."))
	}
	return p
}

// isTableType reports whether a Go type stands for a table with keys of its own.
func isTableType(t reflect.Type) bool { return structOf(t) != nil }

// structOf returns the struct that a type is or points to, nil if it is neither.
func structOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Int:
		return "an integer"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		if isTableType(t.Elem()) {
			return "a list of tables"
		}
		return "a list of strings"
	case reflect.Map:
		switch t.Elem().Kind() {
		case reflect.String:
			return "a table of strings"
		case reflect.Interface:
			return "a table"
		}
		return "a table of tables"
	default:
		return "a table"
	}
}

func tomlTypeName(value any) string {
	switch value.(type) {
	case string:
		return "a string"
	case int64:
		return "an integer"
	case float64:
		return "a float"
	case bool:
		return "a boolean"
	case time.Time:
		return "a date or time"
	case map[string]any:
		return "a table"
	case []map[string]any:
		return "a list of tables"
	default:
		return "a list"
	}
}

func tomlScalar(value any) bool {
	switch value.(type) {
	case int64, float64, bool, time.Time:
		return true
	}
	return false
}

func isInteger(value any) bool {
	_, err := strconv.ParseInt(fmt.Sprint(value), 10, 32)
	return err == nil
}

func isBool(value any) bool { return value == "true" || value == "false" }

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}
