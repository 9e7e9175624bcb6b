// Package hostile has hostile names, for the tests of code that writes an untrusted
// name into another language or onto a terminal.
package hostile

import (
	"encoding/json"
	"errors"
	"reflect"
	"time"
	"unsafe"
)

// Texts are names that mean something in a language that is written somewhere:
// TOML, YAML, JSON, Graphviz's and Mermaid's, requirements files, terminals.
func Texts() []string {
	return []string{
		"plain", "with space", " around ", "é 好 👩‍🚀", "",
		"x\n[environment]\ntoolchain = \"evil.example.com/py:3.11\"\n#",
		"x\r[environment]\rbase = \"evil\"\r#", "x\r\n# y", "line\n", "tab\there", "\v\f",
		"\x00", "a\x00b", "\x1b]0;title\x07", "\x1b[2J", "\x7f", "\u0085", "\u009b2J", "\x9b2J", "\xff\xfe", "\xed\xa0\x80", "é\xc3",
		"\ufeffx", "\u202eexe.gnp", "\u2066x\u2069", "\u200f", "x\u2028y", "x\u2029y", "\ufffd", "\U0001F600", "\u200b",
		`"`, `'`, "'''", `"""`, `\`, `\"`, `\n`, `\x1b`, `\u202e`, "`", "``",
		"#", "# comment", " #x", "#quot;", "#35;", "#lt;b#gt;", "&amp;", "&#60;", "&quot;", "ﬂ°lt¶ß", "ﬂ°°60¶ß",
		"<b>", "<br>", "<script>alert(1)</script>", "<<A>>", "]", "[", `"]; n9["`, `"]`, `x"]:::y`, "x; y", "}", "{", "|", ">",
		"%%{init: {\"theme\": \"dark\"}}%%", "%% comment", "style n0 fill:red,x:#35;", "classDef x:#35;", "click n0 href \"javascript:alert(1)\"",
		"`# Markdown`", "---", "...", "- x", "? x", ": x", "a: b", "!!binary x", "&a", "*a", "@x", "yes", "null", "~", "0x10", "1e3", "2026-01-01",
		`\N \G \E \L`, `a", URL="javascript:alert(1)`, "x=y", "a=b\nc=d", "a,b", "x\n--index-url http://evil.example.com/simple",
		"$(HOME)", "${HOME}", "$HOME", "%24", "../x", "/etc/passwd", "--flag", "-x", "{{.X}}", "{% x %}",
	}
}

// Fill puts the text into every exported or unexported field of what v points to,
// wherever a text, an error or JSON has its place: in slices, maps (as keys, too),
// pointers and structs. Numbers and times stay what they are.
func Fill(v any, text string) { fill(reflect.ValueOf(v).Elem(), text, 0) }

// deepest is how far Fill follows types that hold themselves.
const deepest = 8

func fill(v reflect.Value, text string, depth int) {
	if depth > deepest {
		return
	}
	switch v.Interface().(type) {
	case json.RawMessage:
		quoted, _ := json.Marshal(text)
		v.SetBytes(quoted)
		return
	case []byte:
		v.SetBytes([]byte(text))
		return
	case time.Time:
		return
	}
	if v.Type() == reflect.TypeFor[error]() {
		v.Set(reflect.ValueOf(errors.New(text)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Interface:
		if v.NumMethod() == 0 {
			v.Set(reflect.ValueOf(text))
		}
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		fill(v.Elem(), text, depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), text, depth+1)
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), text, depth+1)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, text, depth+1)
		fill(value, text, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Field(i)
			// An error says what its unexported fields have, too.
			fill(reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem(), text, depth+1)
		}
	}
}
