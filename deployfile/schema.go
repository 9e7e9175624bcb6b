package deployfile

import (
	_ "embed" // for the doc comments
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/invopop/jsonschema"
)

//go:embed file.go
var fileSource string

//go:embed target.go
var targetSource string

// SchemaURL is where editors find the schema: its $id, and what `deployfile init`
// names in the file.
const SchemaURL = "https://raw.githubusercontent.com/deployfile/deployfile/main/docs/deployfile.schema.json"

// Schema returns the JSON Schema (draft 2020-12) of the Deployfile, for editors
// to complete and check it: keys, types, fixed choices, patterns, defaults, and
// the doc comments of the Go types as descriptions. The kinds are those that a
// target may have, each with its own keys. How keys go together, only Parse
// checks. Same bytes every time.
func Schema(kinds []Kind) ([]byte, error) {
	b := &schemaBuilder{formats: formats()}
	if err := b.read(fileSource, targetSource); err != nil {
		return nil, err
	}
	root := b.table(reflect.TypeFor[File]())
	root.Version = jsonschema.Version
	root.ID = SchemaURL
	root.Title = DefaultName
	root.Description = "Names an MLflow Model, what it runs in, and where it is deployed."
	targets, _ := root.Properties.Get("targets")
	targets.AdditionalProperties = b.target(kinds)
	targets.PropertyNames.Not = &jsonschema.Schema{Enum: anys(Outputs())}
	if b.err != nil {
		return nil, b.err
	}
	root.Definitions = jsonschema.Definitions{}
	for _, k := range kinds {
		of, err := b.ofKind(k)
		if err != nil {
			return nil, err
		}
		root.Definitions[k.Name] = of
	}
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the JSON Schema: %w", err)
	}
	return append(out, '\n'), nil
}

// schemaBuilder makes the schema of tables from the tags and the doc comments of
// their structs.
type schemaBuilder struct {
	formats  map[string]Format
	comments map[commentKey]string
	err      error
}

func (b *schemaBuilder) read(sources ...string) (err error) {
	if b.comments, err = docComments(sources...); err != nil {
		return fmt.Errorf("reading the doc comments of the Deployfile's types: %w", err)
	}
	return nil
}

// target returns the schema of a target: its kind decides which one it has to meet.
func (b *schemaBuilder) target(kinds []Kind) *jsonschema.Schema {
	kind := b.key(mustKey[Target]("kind"))
	kind.Enum = anys(kindNames(kinds))
	s := &jsonschema.Schema{
		Type: "object", Required: []string{"kind"}, Properties: jsonschema.NewProperties(),
		Description: b.comments[commentKey{"Target", ""}],
	}
	s.Properties.Set("kind", kind)
	for _, k := range kinds {
		is := jsonschema.NewProperties()
		is.Set("kind", &jsonschema.Schema{Const: k.Name})
		s.AllOf = append(s.AllOf, &jsonschema.Schema{
			If:   &jsonschema.Schema{Properties: is, Required: []string{"kind"}},
			Then: &jsonschema.Schema{Ref: "#/$defs/" + k.Name},
		})
	}
	return s
}

// ofKind returns the schema of the targets of a kind.
func (b *schemaBuilder) ofKind(k Kind) (*jsonschema.Schema, error) {
	own := &schemaBuilder{formats: formats()}
	for name, f := range k.Formats {
		own.formats[name] = f
	}
	if err := own.read(append([]string{fileSource, targetSource}, k.Sources...)...); err != nil {
		return nil, fmt.Errorf("kind %s: %w", k.Name, err)
	}
	s := own.object(keysOfKind(k))
	s.Title, s.Description = k.Name, k.Summary
	kind, _ := s.Properties.Get("kind")
	kind.Const = k.Name
	if format, ok := s.Properties.Get("format"); ok && len(k.Image.Formats) > 0 {
		format.Enum, format.Default = anys(k.Image.Formats), k.Image.Formats[0]
	}
	return s, own.err
}

// table returns the schema of a struct's table.
func (b *schemaBuilder) table(t reflect.Type) *jsonschema.Schema {
	s := b.object(keysOf(t))
	s.Description = b.comments[commentKey{t.Name(), ""}]
	return s
}

func (b *schemaBuilder) object(keys []key) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "object", Properties: jsonschema.NewProperties(), AdditionalProperties: jsonschema.FalseSchema}
	for _, k := range keys {
		s.Properties.Set(k.name, b.key(k))
		if k.required != "" {
			s.Required = append(s.Required, k.name)
		}
	}
	return s
}

// key returns the schema of one key's value, with the key's doc comment.
func (b *schemaBuilder) key(k key) *jsonschema.Schema {
	s := b.value(k, k.field.Type)
	comment := b.comments[commentKey{k.owner.Name(), k.field.Name}]
	// The reader of the file knows the field by its key.
	if rest, found := strings.CutPrefix(comment, k.field.Name); found {
		comment = k.name + rest
	}
	if comment != "" {
		s.Description = comment
	}
	return s
}

func (b *schemaBuilder) value(k key, t reflect.Type) *jsonschema.Schema {
	switch t.Kind() {
	case reflect.Pointer:
		return b.value(k, t.Elem())
	case reflect.Struct:
		return b.table(t)
	case reflect.Slice:
		return &jsonschema.Schema{Type: "array", Items: b.value(k, t.Elem()), UniqueItems: k.saysUnique}
	case reflect.Map:
		s := &jsonschema.Schema{Type: "object", AdditionalProperties: b.value(k, t.Elem())}
		if k.keys != "" {
			s.PropertyNames = &jsonschema.Schema{Pattern: b.format(k.keys).Pattern}
		}
		return s
	case reflect.Interface:
		return &jsonschema.Schema{}
	case reflect.Bool:
		return &jsonschema.Schema{Type: "boolean", Default: parsed(k, strconv.ParseBool)}
	case reflect.Int:
		s := &jsonschema.Schema{Type: "integer", Default: parsed(k, strconv.Atoi)}
		if k.min != nil {
			s.Minimum = json.Number(strconv.Itoa(*k.min))
		}
		if k.max != nil {
			s.Maximum = json.Number(strconv.Itoa(*k.max))
		}
		return s
	}
	s := &jsonschema.Schema{Type: "string", Enum: anys(k.enum)}
	if k.standard != "" && t == k.field.Type {
		s.Default = k.standard
	}
	if k.format != "" && len(k.enum) == 0 {
		s.Pattern = b.format(k.format).Pattern
	}
	switch {
	case !k.empty:
	case s.Pattern != "":
		s.Pattern = "^$|" + s.Pattern
	case len(s.Enum) > 0:
		s.Enum = append(s.Enum, "")
	}
	return s
}

func (b *schemaBuilder) format(name string) Format {
	f, ok := b.formats[name]
	if !ok && b.err == nil {
		b.err = fmt.Errorf("the JSON Schema has no format %q", name)
	}
	return f
}

// parsed returns the default of a key, nil if it has none.
func parsed[T any](k key, parse func(string) (T, error)) any {
	if v, err := parse(k.standard); err == nil {
		return v
	}
	return nil
}

// mustKey returns a key that a table has.
func mustKey[T any](name string) key {
	k, ok := findKey(keysOf(reflect.TypeFor[T]()), name)
	if !ok {
		panic("deployfile: no key " + name)
	}
	return k
}

func anys(values []string) []any {
	var list []any
	for _, v := range values {
		list = append(list, v)
	}
	return list
}
