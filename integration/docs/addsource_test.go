//go:build integration

package docs

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestAddingASource builds the command line with the source that the page adds, and
// runs the commands of the page.
func TestAddingASource(t *testing.T) {
	const page = "../../docs/adding-a-source.md"
	all := blocks(t, page)
	r := readerWith(t, pageTree(t, page, all).build(t), here)
	r.names = strings.NewReplacer("registry.example.com", lab.StartRegistry(t).Host)
	r.read(t, page, all)
}
