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
		"server kind":        {model + "[server]\nkind = 'mlserver'\n", "mlflow"},
		"port":               {model + "[server]\nport = 65536\n", "maximum"},
		"platform":           {model + "[image]\nplatforms = ['amd64']\n", "linux/amd64"},
		"credential":         {model + "[[environment.indexes]]\nname = 'a'\nurl = 'https://u:p@example.com'\n", "pattern"},
		"target name":        {model + "[targets.A]\nkind = 'docker'\n", "propertyName 'A'"},
		"reserved name":      {model + "[targets.lock]\nkind = 'docker'\n", "propertyName 'lock'"},
		"target kind":        {model + "[targets.a]\nkind = 'sagemaker'\n", "kserve"},
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
	file := mustParse(t, `model.source = "model"
[[environment.indexes]]
name = "a"
url = "https://example.com"
[targets.docker]
kind = "docker"
[targets.canary]
kind = "kserve"
strategy = "canary"
[targets.kubernetes]
kind = "kubernetes"
resources = { cpu = "1", gpus = 1 }
autoscale.max = 4
service-account.name = "a"
tolerations = [{}]
ingress.host = "example.com"
http-route.gateway = "a"
patches = [{ kind = "Deployment", patch = "{}" }]
`)
	target := file.Targets["kubernetes"]
	for name, tables := range map[string][]any{
		"Model": {file.Model}, "Environment": {file.Environment}, "Index": {file.Environment.Indexes[0]},
		"Server": {file.Server}, "Image": {file.Image},
		"Target":    {file.Targets["docker"], file.Targets["canary"], target},
		"Resources": {target.Resources}, "Autoscale": {*target.Autoscale}, "ServiceAccount": {*target.ServiceAccount},
		"Toleration": {target.Tolerations[0]}, "Ingress": {*target.Ingress}, "HTTPRoute": {*target.HTTPRoute}, "Patch": {target.Patches[0]},
	} {
		for field := range keyFields(reflect.TypeOf(tables[0])) {
			key := field.Tag.Get("toml")
			property, ok := root.Definitions[name].Properties.Get(key)
			if !ok || property.Description == "" {
				t.Errorf("%s.%s has no description", name, key)
				continue
			}
			if kinds := kindsWith(field); kinds != nil && !strings.Contains(property.Description, "Only for "+strings.Join(kinds, ", ")+".") {
				t.Errorf("%s.%s: %q does not say that it is only for %v", name, key, property.Description, kinds)
			}
			if property.Default == nil {
				continue
			}
			want, _ := json.Marshal(property.Default)
			filled := false
			for _, table := range tables {
				value := fieldOf(reflect.ValueOf(table), key)
				got, _ := json.Marshal(value.Interface())
				filled = filled || bytes.Equal(got, want)
				if !value.IsZero() && key != "strategy" && !bytes.Equal(got, want) {
					t.Errorf("%s.%s: the default is %s, but Parse fills in %s", name, key, want, got)
				}
			}
			if !filled {
				t.Errorf("%s.%s: Parse never fills in the default %s", name, key, want)
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
