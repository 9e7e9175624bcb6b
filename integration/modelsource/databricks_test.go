//go:build integration

package modelsource

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/modelstore"
	"github.com/deployfile/deployfile/internal/testing/databricks"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
)

// TestDatabricks finds the same files as MLflow's own client, with the same variables, in
// a double of Databricks.
func TestDatabricks(t *testing.T) {
	dir := t.TempDir()
	for name, text := range tinyFiles(t) {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := databricks.Start(t, dir)
	for source, more := range map[string]map[string]string{
		"models:/main.default.iris@champion": {"MLFLOW_REGISTRY_URI": "databricks-uc", "MLFLOW_USE_DATABRICKS_SDK_MODEL_ARTIFACTS_REPO_FOR_UC": "true"},
		"models:/iris/3":                     {"MLFLOW_REGISTRY_URI": "databricks"},
	} {
		env := map[string]string{"MLFLOW_TRACKING_URI": "databricks", "DATABRICKS_HOST": w.URL, "DATABRICKS_TOKEN": w.Token}
		maps.Copy(env, more)
		got := t.TempDir()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		c := exec.CommandContext(ctx, shared.Python, "testdata/download.py", source, got)
		c.Env = environment(env)
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: MLflow's client: %v\n%s", source, err, lab.Tail(string(out)))
			continue
		}
		_, ours, err := files(t, source, modelstore.Options{Home: t.TempDir(), Getenv: func(name string) string { return env[name] }})
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if d := cmp.Diff(hashes(t, got), ours); d != "" {
			t.Errorf("%s has other files than MLflow's client got (-MLflow +deployfile):\n%s", source, d)
		}
	}
}
