//go:build integration

package docs

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEditors makes the schema as the page says, and finds its address where init
// writes it.
func TestEditors(t *testing.T) {
	all := coveredBy(t, editorsPage)
	r := newReader(t, here)
	for _, b := range []block{{text: "deployfile init"}, all[1]} {
		if out, log, err := r.run(t, b); err != nil {
			t.Fatalf("%v\n%s%s", err, out, log)
		}
	}
	written, err := os.ReadFile(filepath.Join(r.dir, "Deployfile"))
	if err != nil || !strings.HasPrefix(string(written), all[0].text) {
		t.Errorf("%v\n%s", err, written)
	}
	made, err := os.ReadFile(filepath.Join(r.dir, "deployfile.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	published, err := os.ReadFile("../../docs/deployfile.schema.json")
	if err != nil || !bytes.Equal(made, published) {
		t.Errorf("it is not docs/deployfile.schema.json: %v", err)
	}
}
