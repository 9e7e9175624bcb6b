//go:build integration

package modelsource

import (
	"os/exec"
	"strings"
	"testing"
)

// TestWorkspace finds the same files as MLflow's client in a workspace of a server, which
// wants its name with every request.
func TestWorkspace(t *testing.T) {
	s := startServer(t, nil, "--enable-workspaces", "--artifacts-destination", t.TempDir())
	c := exec.CommandContext(t.Context(), shared.Python, "-c", "import mlflow, sys; mlflow.MlflowClient(sys.argv[1]).create_workspace('team')", s.URL)
	c.Env = environment(nil)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	env := map[string]string{"MLFLOW_WORKSPACE": "team"}
	s.logModel(t, env)
	s.compare(t, env)
	for workspace, want := range map[string]string{
		"":      "404 Not Found",
		"other": "other",
	} {
		_, _, err := files(t, "models:/my model/1", options(t, s.URL, map[string]string{"MLFLOW_WORKSPACE": workspace}))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("in the workspace %q: %v, want %q", workspace, err, want)
		}
		fails(t, "models:/my model/1", map[string]string{"MLFLOW_TRACKING_URI": s.URL, "MLFLOW_WORKSPACE": workspace}, want)
	}
}
