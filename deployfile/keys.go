package deployfile

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// keyFields are the fields of a struct that stand for keys, in its order.
func keyFields(t reflect.Type) iter.Seq[reflect.StructField] {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			field := t.Field(i)
			if key := field.Tag.Get("toml"); key != "" && key != "-" && !yield(field) {
				return
			}
		}
	}
}

// keysOf lists the keys of a table, in the order of the struct.
func keysOf(t reflect.Type) []string {
	var keys []string
	for field := range keyFields(t) {
		keys = append(keys, field.Tag.Get("toml"))
	}
	return keys
}

func fieldOf(v reflect.Value, key string) reflect.Value {
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("toml") == key {
			return v.Field(i)
		}
	}
	panic("deployfile: no field for key " + key)
}

func join(path []string, part string) []string {
	return append(slices.Clip(path), part)
}

// describe is how messages call a key: port of [server] is "server.port".
func describe(path []string) string {
	var b strings.Builder
	for i, part := range path {
		switch {
		case i > 0 && isNumber(part):
			fmt.Fprintf(&b, "[%s]", part)
		case i > 0:
			b.WriteString("." + bareOrQuoted(part))
		default:
			b.WriteString(bareOrQuoted(part))
		}
	}
	return b.String()
}

func bareOrQuoted(part string) string {
	for _, c := range part {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return fmt.Sprintf("%q", part)
		}
	}
	if part == "" {
		return `""`
	}
	return part
}

// closest returns the candidate that was most likely meant, or "": the one
// with the fewest edits, at most a third of the word, or two in a short one,
// since swapped letters are two.
func closest(given string, candidates []string) string {
	const longest = 100 // no candidate is half as long
	if len(given) > longest {
		return ""
	}
	given = strings.ReplaceAll(strings.ToLower(given), "_", "-")
	best, fewest := "", max(min(2, len(given)/2), len(given)/3)+1
	for _, candidate := range candidates {
		if d := levenshtein.Distance(given, candidate, nil); d < fewest {
			best, fewest = candidate, d
		}
	}
	return best
}

// didYouMean is the hint for a value that is none of the known ones.
func didYouMean(given string, known []string) string {
	if near := closest(given, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "use " + alternatives(known)
}

func alternatives(known []string) string {
	quoted := make([]string, len(known))
	for i, k := range known {
		quoted[i] = fmt.Sprintf("%q", k)
	}
	last := len(quoted) - 1
	if last == 0 {
		return quoted[0]
	}
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}
