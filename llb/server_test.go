//go:build integration

package llb

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestServerModules runs the tests of the server's modules with a real MLflow.
func TestServerModules(t *testing.T) {
	python := os.Getenv("DEPLOYFILE_TEST_PYTHON")
	if python == "" {
		t.Fatal("DEPLOYFILE_TEST_PYTHON is not set: run this with hack/with-env.sh")
	}
	source, err := filepath.Abs("server")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(source, filepath.Join(dir, "deployfile_server")); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), python, "-B", "-m", "unittest", "discover", "-v", "-s", filepath.Join(dir, "deployfile_server", "tests"), "-t", dir)
	c.Env = append(os.Environ(), "MLFLOW_DISABLE_TELEMETRY=true")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
