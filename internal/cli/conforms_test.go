package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// conforms checks that the last command printed what deployfile schema --of says of a
// command: conforms COMMAND.
func conforms(ts *testscript.TestScript, _ bool, args []string) {
	text, err := schemaOf(args[0])
	ts.Check(err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	ts.Check(err)
	compiler := jsonschema.NewCompiler()
	ts.Check(compiler.AddResource("schema.json", document))
	schema, err := compiler.Compile("schema.json")
	ts.Check(err)
	printed, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile("stdout")))
	ts.Check(err)
	ts.Check(schema.Validate(printed))
}

// A schema that allows everything would let each script pass.
func TestReportSchemaRefuses(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../docs/report.schema.json#/properties/deploy")
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{`{}`, `[{}]`, `[{"target":"a","kind":"docker","endpoint":"b","action":"done","revision":1,"previous":0,"changes":[],"ready":true}]`} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(wrong))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(value) == nil {
			t.Errorf("%s is valid", wrong)
		}
	}
}
