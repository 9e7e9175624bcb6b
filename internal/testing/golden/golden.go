// Package golden compares what a test has made with a file of the tree.
package golden

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Check reports the difference between a file and what it is to have. If update is
// set, as the test's flag -update should, it writes the file first.
func Check(t testing.TB, file string, got []byte, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got); if this is meant, run the test with -update:\n%s", file, diff)
	}
}
