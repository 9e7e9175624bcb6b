package deployfile

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/deployfile/deployfile/internal/suggest"
)

// values checks each value of a table, and of the tables in it, by the tags of
// its key.
func (r *report) values(path []string, table reflect.Value) {
	for _, k := range keysOf(table.Type()) {
		at := join(path, k.name)
		if k.required != "" && k.required != "-" && !r.index.has(at) && !r.misspelt[describe(at)] {
			r.atKey(Problem{
				"missing-key", fmt.Sprintf("%s is missing: %s", describe(at), k.required),
				"for example: " + strings.ReplaceAll(k.example, "NAME", targetOf(at)),
			}, at...)
		}
		if r.written(at...) {
			r.value(k, at, k.in(table))
		}
	}
}

// value checks the value of one key.
func (r *report) value(k key, path []string, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		r.text(k, path, v.String())
	case reflect.Int:
		r.number(k, path, int(v.Int()))
	case reflect.Struct:
		r.values(path, v)
	case reflect.Pointer:
		if !v.IsNil() && v.Type().Elem().Kind() == reflect.Struct {
			r.values(path, v.Elem())
		}
	case reflect.Slice:
		r.list(k, path, v)
	case reflect.Map:
		r.mapped(k, path, v)
	}
}

func (r *report) text(k key, path []string, value string) {
	format, ok := r.format(path, k.format)
	switch {
	case value == "" && k.empty:
	case ok:
		r.problem(format.check(r, describe(path), value, targetOf(path)), path)
	case len(k.enum) > 0:
		r.oneOf(value, k.enum, path...)
	}
}

func (r *report) number(k key, path []string, value int) {
	p := Problem{Rule: "out-of-range"}
	// As written: a huge number would be truncated.
	shown := r.index.raw(path)
	if shown == "" {
		shown = strconv.Itoa(value)
	}
	switch {
	case k.min != nil && k.max != nil && (value < *k.min || value > *k.max):
		p.Message = fmt.Sprintf("%s must be from %d to %d, but is %s", describe(path), *k.min, *k.max, shown)
	case k.min != nil && k.max == nil && value < *k.min:
		p.Message = fmt.Sprintf("%s must be at least %d, but is %s", describe(path), *k.min, shown)
	}
	r.problem(p, path)
}

func (r *report) list(k key, path []string, list reflect.Value) {
	before := map[string]bool{}
	for i := range list.Len() {
		at, item := join(path, strconv.Itoa(i)), list.Index(i)
		if !r.written(at...) {
			continue
		}
		if item.Kind() != reflect.String {
			r.value(k, at, item)
			continue
		}
		text := item.String()
		r.text(k, at, text)
		if k.unique && before[text] && !r.said(at...) {
			r.atValue(Problem{"duplicate", fmt.Sprintf("%s has %q twice", describe(path), text), "remove one"}, at...)
		}
		before[text] = true
	}
}

func (r *report) mapped(k key, path []string, m reflect.Value) {
	names := make([]string, 0, m.Len())
	for _, name := range m.MapKeys() {
		names = append(names, name.String())
	}
	slices.Sort(names)
	format, ok := r.format(path, k.keys)
	for _, name := range names {
		at := join(path, name)
		if !r.written(at...) {
			continue
		}
		if ok {
			p := format.check(r, format.Called, name, targetOf(path))
			if p.Message != "" {
				r.atKey(p, at...)
				continue
			}
		}
		r.value(k, at, m.MapIndex(reflect.ValueOf(name)))
	}
}

// format returns the format of a name, for a key at a path: the formats of the
// target's kind come first.
func (r *report) format(path []string, name string) (Format, bool) {
	if name == "" {
		return Format{}, false
	}
	if kind, ok := findKind(r.kinds, r.kindAt(path)); ok {
		if f, ok := kind.Formats[name]; ok {
			return f, true
		}
	}
	f, ok := r.formats[name]
	if !ok {
		panic(fmt.Sprintf("deployfile: no format %q, which %s names", name, describe(path)))
	}
	return f, true
}

// targetOf returns the name of the target that a path leads to or into, "" for none.
func targetOf(path []string) string {
	if len(path) < 2 || path[0] != "targets" {
		return ""
	}
	return path[1]
}

func (r *report) oneOf(value string, known []string, path ...string) {
	if r.written(path...) && !slices.Contains(known, value) {
		r.atValue(Problem{
			"unknown-value", fmt.Sprintf("unknown %s %q", describe(path), value), suggest.OneOf(value, known),
		}, path...)
	}
}

// problem reports what a check found, if it found anything.
func (r *report) problem(p Problem, path []string) {
	if p.Message != "" {
		r.atValue(p, path...)
	}
}
