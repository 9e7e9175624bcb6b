package manifests_test

import (
	"flag"
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/golden"
)

var update = flag.Bool("update", false, "write the golden files again")

// goldenFile compares with a file in testdata.
func goldenFile(t *testing.T, name string, got []byte) {
	t.Helper()
	golden.Check(t, filepath.Join("testdata", name), got, *update)
}
