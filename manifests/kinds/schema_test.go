package kinds

import (
	"flag"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/golden"
)

var update = flag.Bool("update", false, "write docs/deployfile.schema.json again")

// schemaFile is what deployfile.SchemaURL leads to.
const schemaFile = "../../docs/deployfile.schema.json"

// Editors get the schema from the repository, not from a program.
func TestSchemaFile(t *testing.T) {
	schema, err := deployfile.Schema(All())
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, schemaFile, schema, *update)
}
