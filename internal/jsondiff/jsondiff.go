// Package jsondiff lists the fields in which two JSON documents differ, by
// path, for people and programs to read. It does not interpret the documents,
// and its result is not a patch.
package jsondiff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// Difference is a field that differs.
type Difference struct {
	// Field is the path to it: config.Labels["version"], history[3].created.
	Field string `json:"field"`
	// Was and Is are the field's JSON in the first and the second document, ""
	// where a document lacks it.
	Was string `json:"was,omitempty"`
	Is  string `json:"is,omitempty"`
}

// Compare returns the differences of two JSON documents in the order of the
// fields' names; it is empty, not nil, if they are equal. It skips the fields
// in except and everything below them. Numbers are compared as written: 1.0 is
// not 1. It fails if a document is not JSON.
func Compare(was, is []byte, except ...string) ([]Difference, error) {
	a, err := decode(was)
	if err != nil {
		return nil, err
	}
	b, err := decode(is)
	if err != nil {
		return nil, err
	}
	out := []Difference{}
	fields("", a, b, except, &out)
	return out, nil
}

func decode(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	// Numbers keep their digits.
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}

// absent stands for a missing value; null is a value.
type absent struct{}

func fields(path string, a, b any, except []string, out *[]Difference) {
	if slices.Contains(except, path) {
		return
	}
	if x, ok := a.(map[string]any); ok {
		if y, ok := b.(map[string]any); ok {
			objects(path, x, y, except, out)
			return
		}
	}
	if x, ok := a.([]any); ok {
		if y, ok := b.([]any); ok {
			arrays(path, x, y, except, out)
			return
		}
	}
	if was, is := text(a), text(b); was != is {
		*out = append(*out, Difference{Field: path, Was: was, Is: is})
	}
}

func objects(path string, a, b map[string]any, except []string, out *[]Difference) {
	names := slices.Collect(maps.Keys(a))
	for name := range b {
		if _, ok := a[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fields(member(path, name), get(a, name), get(b, name), except, out)
	}
}

func get(m map[string]any, name string) any {
	if v, ok := m[name]; ok {
		return v
	}
	return absent{}
}

func arrays(path string, a, b []any, except []string, out *[]Difference) {
	for n := range max(len(a), len(b)) {
		var x, y any = absent{}, absent{}
		if n < len(a) {
			x = a[n]
		}
		if n < len(b) {
			y = b[n]
		}
		fields(fmt.Sprintf("%s[%d]", path, n), x, y, except, out)
	}
}

func member(path, name string) string {
	switch {
	case !plain(name):
		return path + "[" + strconv.Quote(name) + "]"
	case path == "":
		return name
	}
	return path + "." + name
}

// plain reports whether a name needs no quotes in a path.
func plain(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' {
			return false
		}
	}
	return name != ""
}

func text(v any) string {
	if _, ok := v.(absent); ok {
		return ""
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // it was decoded, so it can be encoded
	return string(bytes.TrimSpace(b.Bytes()))
}
