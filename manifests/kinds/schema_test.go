package kinds

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
)

var update = flag.Bool("update", false, "write docs/deployfile.schema.json again")

// schemaFile is what deployfile.SchemaURL leads to.
const schemaFile = "../../docs/deployfile.schema.json"

// Editors get the schema from the repository, not from a program.
func TestSchemaFile(t *testing.T) {
	want, err := deployfile.Schema(All())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what deployfile schema prints: run go test ./manifests/kinds -update", schemaFile)
	}
}
