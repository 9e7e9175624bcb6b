//go:build integration

package modelsource

import (
	"os"
	"os/exec"
	"testing"
)

// TestBucketAddresses runs testdata/buckets_test.py.
func TestBucketAddresses(t *testing.T) {
	if out, err := exec.CommandContext(t.Context(), os.Getenv("DEPLOYFILE_TEST_PYTHON"), "-B", "testdata/buckets_test.py").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
