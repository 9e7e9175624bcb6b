package deployfile

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// FuzzParse holds Parse to its promises on any text: it never panics, it says
// why it refuses, every diagnostic stands inside the text and can be drawn, and
// a file that it accepts means the same when it is written out and read again.
func FuzzParse(f *testing.F) {
	example, err := os.ReadFile(exampleFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add(uncommented(example, "mlflow"))
	f.Add([]byte(intricate))
	f.Add([]byte("\ufeffmodel.source='m'\r\n[targets.a]\r\nkind='docker'\r\n"))
	f.Add([]byte(everyTarget))
	f.Add([]byte("model.source='m'\n[targets.a]\nkind='kserve'\nautoscale={min=0,max=2}\n[[targets.a.patches]]\nkind='Pod'\npatch='''\na: [\n  b\n'''"))
	f.Add([]byte("model.source='m'\n[targets.a]\nkind='registry'\ntags=[':']\n[targets.a.resources]\ncpu='1e-999'"))
	f.Add([]byte("[[environment.indexes]]\nurl='https://u:p@example.com'\n[model]\nsource=1"))
	f.Fuzz(func(t *testing.T, source []byte) {
		file, warnings, err := Parse("D", source, TestKinds)
		var errs Errors
		switch {
		case err == nil && file == nil:
			t.Fatal("neither a file nor an error")
		case err != nil && (file != nil || !errors.As(err, &errs) || len(errs) == 0):
			t.Fatalf("file %v, error %#v", file, err)
		}
		for _, d := range append(warnings, errs...) {
			checkRange(t, newText(source), d)
			if err := Render(new(bytes.Buffer), source, d); err != nil {
				t.Fatal(err)
			}
		}
		if file == nil {
			return
		}
		var again bytes.Buffer
		if err := toml.NewEncoder(&again).Encode(written(reflect.ValueOf(*file))); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(file, mustParse(t, again.String()), withoutIndex, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s\n%s", diff, again.String())
		}
	})
}

func checkRange(t *testing.T, source text, d Diagnostic) {
	t.Helper()
	for _, p := range []Position{d.Range.Start, d.Range.End} {
		if p.Line < 1 || p.Line > len(source.lines) || p.Column < 1 {
			t.Fatalf("%v is outside of the text", d)
		}
		// A carriage return is part of its line, so two past it is too far.
		if width := len([]rune(string(source.line(p.Line)))); p.Column > width+2 {
			t.Fatalf("%v is outside of its line, which has %d characters", d, width)
		}
	}
	if comparePositions(d.Range.Start, d.Range.End) > 0 {
		t.Fatalf("%v ends before it starts", d)
	}
}

// written turns a struct into a table of the keys that are not zero, since a
// key that is written with an empty value means something else than none.
func written(v reflect.Value) any {
	switch {
	case v.Kind() == reflect.Pointer:
		return written(v.Elem())
	case v.Kind() == reflect.Struct:
		table := map[string]any{}
		add := func(v reflect.Value) {
			for _, k := range keysOf(v.Type()) {
				// A lowest number of 0 is not the default.
				if field := k.in(v); !field.IsZero() || k.name == "min" {
					table[k.name] = written(field)
				}
			}
		}
		add(v)
		if t, ok := v.Interface().(Target); ok {
			add(structIn(t.Spec))
		}
		return table
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		tables := []any{}
		for i := range v.Len() {
			tables = append(tables, written(v.Index(i)))
		}
		return tables
	case v.Kind() == reflect.Map && v.Type().Elem().Kind() == reflect.Struct:
		tables := map[string]any{}
		for _, key := range v.MapKeys() {
			tables[key.String()] = written(v.MapIndex(key))
		}
		return tables
	default:
		return v.Interface()
	}
}
