package deployfile

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/invopop/jsonschema"
	validator "github.com/santhosh-tekuri/jsonschema/v6"
)

func mustSchema(t *testing.T) []byte {
	t.Helper()
	schema, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func compileSchema(t *testing.T) *validator.Schema {
	t.Helper()
	document, err := validator.UnmarshalJSON(bytes.NewReader(mustSchema(t)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := validator.NewCompiler()
	if err := compiler.AddResource("deployfile.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("deployfile.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// asJSON is the data of a Deployfile as an editor hands it to a schema.
func asJSON(t *testing.T, source []byte) any {
	t.Helper()
	var tree map[string]any
	if err := toml.Unmarshal(source, &tree); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	data, err := validator.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSchemaAcceptsTheExample(t *testing.T) {
	schema, example := compileSchema(t), readExample(t)
	for _, source := range [][]byte{example, uncommented(example)} {
		if err := schema.Validate(asJSON(t, source)); err != nil {
			t.Error(err)
		}
	}
}

// What the schema refuses, Parse refuses too, for the same reason.
func TestSchemaRejects(t *testing.T) {
	const model = "[model]\nsource = 'model'\n"
	tests := map[string]struct{ source, want string }{
		"unknown table":      {model + "[enviroment]\n", "enviroment"},
		"unknown key":        {model + "[environment]\npyhton = '3.11'\n", "pyhton"},
		"unknown index key":  {model + "[[environment.indexes]]\nname = 'a'\nurl = 'https://example.com'\nuser = 'me'\n", "user"},
		"unknown target key": {model + "[targets.a]\nkind = 'docker'\nflavour = 'x'\n", "flavour"},
		"no model":           {"[server]\nport = 1\n", "model"},
		"no source":          {"[model]\nname = 'a'\n", "source"},
		"wrong type":         {model + "[environment]\npython = 3.11\n", "string"},
		"bad python":         {model + "[environment]\npython = '3.11.4'\n", "pattern"},
		"server kind":        {model + "[server]\nkind = 'flask'\n", "mlserver"},
		"port":               {model + "[server]\nport = 65536\n", "maximum"},
		"platform":           {model + "[image]\nplatforms = ['amd64']\n", "linux/amd64"},
		"credential":         {model + "[[environment.indexes]]\nname = 'a'\nurl = 'https://u:p@example.com'\n", "pattern"},
		"target name":        {model + "[targets.A]\nkind = 'docker'\n", "propertyName 'A'"},
		"target kind":        {model + "[targets.a]\nkind = 'heroku'\n", "azureml"},
	}
	schema := compileSchema(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := schema.Validate(asJSON(t, []byte(test.source)))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("schema: got %v, want %q in it", err, test.want)
			}
			if _, _, err := Parse("D", []byte(test.source)); err == nil {
				t.Error("Parse accepts it")
			}
		})
	}
}

// Every key has a description, and every default of the schema is the one that
// Parse fills in.
func TestSchemaDescribesEveryKey(t *testing.T) {
	var root jsonschema.Schema
	if err := json.Unmarshal(mustSchema(t), &root); err != nil {
		t.Fatal(err)
	}
	file := mustParse(t, "[model]\nsource = 'model'\n[[environment.indexes]]\nname = 'a'\nurl = 'https://example.com'\n"+
		"[targets.a]\nkind = 'kserve'\n")
	for name, table := range map[string]any{
		"Model": file.Model, "Environment": file.Environment, "Index": file.Environment.Indexes[0],
		"Server": file.Server, "Image": file.Image, "Target": file.Targets["a"],
	} {
		for _, key := range keysOf(reflect.TypeOf(table)) {
			property, ok := root.Definitions[name].Properties.Get(key)
			if !ok || property.Description == "" {
				t.Errorf("%s.%s has no description", name, key)
				continue
			}
			if property.Default == nil {
				continue
			}
			want, _ := json.Marshal(fieldOf(reflect.ValueOf(table), key).Interface())
			if got, _ := json.Marshal(property.Default); !bytes.Equal(got, want) {
				t.Errorf("%s.%s: the default is %s, but Parse fills in %s", name, key, got, want)
			}
		}
	}
}

func TestSchemaIsDeterministic(t *testing.T) {
	first := mustSchema(t)
	for range 25 {
		if !bytes.Equal(first, mustSchema(t)) {
			t.Fatal("the bytes differ")
		}
	}
}
