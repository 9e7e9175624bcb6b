package deployfile

import (
	_ "embed" // for the doc comments
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

//go:embed file.go
var fileSource string

//go:embed targets.go
var targetsSource string

// Schema returns the JSON Schema (draft 2020-12) of the Deployfile, for editors
// to complete and check it: keys, types, fixed choices, defaults, and the doc
// comments of the Go types as descriptions. What a schema cannot say, such as
// which key goes with which kind, only Parse checks. Same bytes every time.
func Schema() ([]byte, error) {
	comments, err := docComments(fileSource, targetsSource)
	if err != nil {
		return nil, fmt.Errorf("reading the doc comments of the Deployfile's types: %w", err)
	}
	reflector := jsonschema.Reflector{
		Anonymous:                  true,
		ExpandedStruct:             true,
		FieldNameTag:               "toml",
		RequiredFromJSONSchemaTags: true,
		LookupComment: func(t reflect.Type, field string) string {
			return description(t, field, comments[commentKey{t.Name(), field}])
		},
	}
	root := reflector.Reflect(File{})
	root.Title = DefaultName
	root.Description = "Names an MLflow Model, what it runs in, and where it is deployed."
	root.Required = []string{"model"}
	if err := constrain(root); err != nil {
		return nil, err
	}
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the JSON Schema: %w", err)
	}
	return append(out, '\n'), nil
}

// description calls a field by its key, as the reader of the file knows it, and
// says which kinds of targets have it.
func description(t reflect.Type, field, comment string) string {
	if field == "" {
		return comment
	}
	if f, ok := t.FieldByName(field); ok {
		if rest, found := strings.CutPrefix(comment, field); found {
			comment = f.Tag.Get("toml") + rest
		}
		if kinds := kindsWith(f); kinds != nil {
			comment += "\nOnly for " + strings.Join(kinds, ", ") + "."
		}
	}
	return comment
}

// constrain adds what the Go types cannot say: the same choices, patterns and
// defaults that the validation uses.
func constrain(root *jsonschema.Schema) error {
	c := constrainer{root: root}
	c.of("Model").Required = []string{"source"}
	c.key("Model", "name").Pattern = modelNamePattern
	c.key("Model", "source").MinLength = new(uint64(1))

	c.key("Environment", "python").Pattern = pythonPattern
	c.choice("Environment", "mlflow", mlflowChoices(), defaultMLflow)
	c.items("Environment", "system-packages").Pattern = systemPackagePattern
	c.key("Environment", "env").PropertyNames = &jsonschema.Schema{Pattern: envNamePattern}
	c.key("Environment", "ca").Pattern = secretIDPattern
	c.key("Environment", "ca").Default = defaultCA

	c.of("Index").Required = []string{"name", "url"}
	c.key("Index", "name").Pattern = indexNamePattern
	c.key("Index", "url").Pattern = `^https?://[^@/?#]+(/[^?#]*)?$`
	c.key("Index", "secret").Pattern = secretIDPattern
	c.key("Index", "default").Default = false
	c.items("Index", "packages").Pattern = pythonPackagePattern

	c.choice("Server", "kind", serverKinds(), defaultServerKind)
	c.choice("Server", "verify", verifyChoices(), defaultVerify)
	c.number("Server", "port", 65535).Default = defaultPort
	c.number("Server", "workers", 0).Default = defaultWorkers

	c.items("Image", "platforms").Enum = anys(platforms())
	c.key("Image", "platforms").UniqueItems = true
	c.key("Image", "labels").PropertyNames = &jsonschema.Schema{Pattern: labelKeyPattern}
	c.key("Image", "user").Pattern = userPattern
	c.key("Image", "user").Default = defaultUser

	c.rootKey("targets").PropertyNames = &jsonschema.Schema{Pattern: dnsLabelPattern, Not: &jsonschema.Schema{Enum: anys(Outputs())}}
	c.targets()
	return c.err
}

// constrainer finds parts of a schema and keeps the first failure.
type constrainer struct {
	root *jsonschema.Schema
	err  error
}

func (c *constrainer) missing(what string) *jsonschema.Schema {
	if c.err == nil {
		c.err = fmt.Errorf("the JSON Schema has no %s", what)
	}
	return &jsonschema.Schema{Properties: jsonschema.NewProperties(), Items: &jsonschema.Schema{}}
}

func (c *constrainer) of(definition string) *jsonschema.Schema {
	if s := c.root.Definitions[definition]; s != nil {
		return s
	}
	return c.missing(definition)
}

func (c *constrainer) rootKey(key string) *jsonschema.Schema {
	if s, ok := c.root.Properties.Get(key); ok {
		return s
	}
	return c.missing(key)
}

func (c *constrainer) key(definition, key string) *jsonschema.Schema {
	if s, ok := c.of(definition).Properties.Get(key); ok {
		return s
	}
	return c.missing(definition + "." + key)
}

func (c *constrainer) items(definition, key string) *jsonschema.Schema {
	if s := c.key(definition, key).Items; s != nil {
		return s
	}
	return c.missing(definition + "." + key + "[]")
}

func (c *constrainer) choice(definition, key string, known []string, standard string) {
	s := c.key(definition, key)
	s.Enum, s.Default = anys(known), standard
}

// number limits a key to 1 and up, and to a maximum unless that is 0.
func (c *constrainer) number(definition, key string, maximum int) *jsonschema.Schema {
	s := c.key(definition, key)
	s.Minimum = "1"
	if maximum > 0 {
		s.Maximum = json.Number(fmt.Sprint(maximum))
	}
	return s
}

func anys(values []string) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}
