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
	schema, err := Schema(TestKinds)
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

// asJSON returns the data of a Deployfile as an editor hands it to a schema.
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
	for _, source := range [][]byte{example, uncommented(example, "mlflow"), uncommented(example, "command")} {
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
		"server kind":        {model + "[server]\nkind = 'mlserver'\n", "mlflow"},
		"port":               {model + "[server]\nport = 65536\n", "maximum"},
		"platform":           {model + "[image]\nplatforms = ['amd64']\n", "linux/amd64"},
		"credential":         {model + "[[environment.indexes]]\nname = 'a'\nurl = 'https://u:p@example.com'\n", "pattern"},
		"target name":        {model + "[targets.A]\nkind = 'docker'\n", "propertyName 'A'"},
		"reserved name":      {model + "[targets.lock]\nkind = 'docker'\n", "propertyName 'lock'"},
		"target kind":        {model + "[targets.a]\nkind = 'vertex'\n", "kserve"},
		"endpoint":           {model + "[targets.a]\nkind = 'docker'\nendpoint = 'A'\n", "pattern"},
		"format":             {model + "[targets.a]\nkind = 'docker'\nformat = 'v2'\n", "docker-manifest"},
		"registry tag":       {model + "[targets.a]\nkind = 'registry'\ntags = ['a:b']\n", "pattern"},
		"restart":            {model + "[targets.a]\nkind = 'docker'\nrestart = 'never'\n", "unless-stopped"},
		"strategy":           {model + "[targets.a]\nkind = 'kubernetes'\nstrategy = 'recreate'\n", "blue-green"},
		"weight":             {model + "[targets.a]\nkind = 'kubernetes'\nstrategy = 'canary'\nweight = 100\n", "maximum"},
		"autoscale":          {model + "[targets.a]\nkind = 'kubernetes'\nautoscale.min = 1\n", "max"},
		"autoscale cpu":      {model + "[targets.a]\nkind = 'kubernetes'\nautoscale = { max = 2, cpu = 101 }\n", "maximum"},
		"gpus":               {model + "[targets.a]\nkind = 'kubernetes'\nresources.gpus = -1\n", "minimum"},
		"env-from":           {model + "[targets.a]\nkind = 'kubernetes'\nenv-from = ['a']\n", "pattern"},
		"ingress":            {model + "[targets.a]\nkind = 'kubernetes'\ningress.path = '/'\n", "host"},
		"http-route":         {model + "[targets.a]\nkind = 'kubernetes'\nhttp-route.gateway = 'a/b/c'\n", "pattern"},
		"service account":    {model + "[targets.a]\nkind = 'kubernetes'\nservice-account.create = true\n", "name"},
		"toleration":         {model + "[targets.a]\nkind = 'kubernetes'\ntolerations = [{ effect = 'Never' }]\n", "NoExecute"},
		"min-available":      {model + "[targets.a]\nkind = 'kubernetes'\nmin-available = '0'\n", "pattern"},
		"allow-from":         {model + "[targets.a]\nkind = 'kubernetes'\nallow-from = ['A']\n", "pattern"},
		"patch":              {model + "[targets.a]\nkind = 'kubernetes'\npatches = [{ kind = 'Deployment' }]\n", "patch"},
		"mode":               {model + "[targets.a]\nkind = 'kserve'\nmode = 'rawdeployment'\n", "serverless"},
	}
	schema := compileSchema(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := schema.Validate(asJSON(t, []byte(test.source)))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("schema: got %v, want %q in it", err, test.want)
			}
			if _, _, err := Parse("D", []byte(test.source), TestKinds); err == nil {
				t.Error("Parse accepts it")
			}
		})
	}
}

// Every key has a description, each kind has its own keys alone, and every
// default is one that Parse fills in.
func TestSchemaDescribesEveryKey(t *testing.T) {
	var root jsonschema.Schema
	if err := json.Unmarshal(mustSchema(t), &root); err != nil {
		t.Fatal(err)
	}
	var described func(at string, s *jsonschema.Schema, keys []key)
	described = func(at string, s *jsonschema.Schema, keys []key) {
		for s.Items != nil {
			s = s.Items
		}
		if n := s.Properties.Len(); n != len(keys) {
			t.Errorf("%s: %d keys, want %d", at, n, len(keys))
		}
		for _, k := range keys {
			property, ok := s.Properties.Get(k.name)
			if !ok || property.Description == "" {
				t.Errorf("%s.%s has no description", at, k.name)
				continue
			}
			if table := k.table(); table != nil {
				described(at+"."+k.name, property, keysOf(table))
			}
		}
	}
	file := keysOf(reflect.TypeFor[File]())
	described("", &root, file)
	for _, kind := range TestKinds {
		s := root.Definitions[kind.Name]
		described(kind.Name, s, keysOfKind(kind))
		target := mustParse(t, "model.source = 'm'\n[targets.a]\nkind = '"+kind.Name+"'\n"+requiredKeys(kind.Name)).Targets["a"]
		var got map[string]any
		encoded, err := target.Keys()
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(encoded, &got); err != nil {
			t.Fatal(err)
		}
		for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
			want := pair.Value.Default
			if want != nil && want != false && pair.Key != "weight" && got[pair.Key] != want {
				t.Errorf("%s.%s: the default is %v, but Parse fills in %v", kind.Name, pair.Key, want, got[pair.Key])
			}
		}
	}
}

// What another kind has is not offered, nor accepted.
func TestSchemaKnowsTheKind(t *testing.T) {
	schema := compileSchema(t)
	for _, of := range TestKinds {
		for _, k := range keysOf(specType(of)) {
			for _, other := range TestKinds {
				if _, ok := findKey(keysOfKind(other), k.name); ok {
					continue
				}
				source := "[model]\nsource = 'm'\n[targets.a]\nkind = '" + other.Name + "'\n" + k.name + " = 1\n"
				if err := schema.Validate(asJSON(t, []byte(source))); err == nil || !strings.Contains(err.Error(), "'"+k.name+"' not allowed") {
					t.Errorf("%s in kind %s: %v", k.name, other.Name, err)
				}
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
