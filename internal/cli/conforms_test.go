package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// conforms checks that the last command printed what deployfile schema --of says of a
// command, or that each line of a file is what it says: conforms NAME [FILE]. Of standard
// error it is the last line.
func conforms(ts *testscript.TestScript, _ bool, args []string) {
	text, err := schemaOf(args[0])
	ts.Check(err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	ts.Check(err)
	compiler := jsonschema.NewCompiler()
	ts.Check(compiler.AddResource("schema.json", document))
	schema, err := compiler.Compile("schema.json")
	ts.Check(err)
	values := []string{ts.ReadFile("stdout")}
	if len(args) > 1 {
		values = strings.Split(strings.TrimSpace(ts.ReadFile(args[1])), "\n")
		if args[1] == "stderr" {
			values = values[len(values)-1:]
		}
	}
	for _, value := range values {
		printed, err := jsonschema.UnmarshalJSON(strings.NewReader(value))
		ts.Check(err)
		ts.Check(schema.Validate(printed))
	}
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
