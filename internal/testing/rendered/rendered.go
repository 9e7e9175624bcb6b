// Package rendered compares the documents of a state with those in a file.
package rendered

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/golden"
	"github.com/deployfile/deployfile/manifests"
)

// Check compares the documents of a state with a file, which update writes, and renders
// them again: the same state gives the same bytes.
func Check(t *testing.T, file string, state manifests.State, update bool) {
	t.Helper()
	want := Documents(t, state)
	golden.Check(t, file, want, update)
	for range 10 {
		if !bytes.Equal(want, Documents(t, state)) {
			t.Fatal("not the same again")
		}
	}
}

// Documents returns the documents of a state, each below its name.
func Documents(t *testing.T, state manifests.State) []byte {
	t.Helper()
	documents, err := manifests.Render(state)
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for _, d := range documents {
		out = fmt.Appendf(out, "# %s\n%s", d.Name, d.Body)
	}
	return out
}
