//go:build integration

package docs

import "testing"

// TestAddingATarget puts the code of the page into the tree, as far as the Go
// compiler sees it, and uses the kind that it adds.
func TestAddingATarget(t *testing.T) {
	const page = "../../docs/adding-a-target.md"
	all := blocks(t, page)
	readerWith(t, buildWith(t, page, all), here).read(t, page, all)
}
