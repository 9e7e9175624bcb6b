//go:build integration

package python

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestDeployments has MLflow deploy models at an engine: by its commands and by its
// client, from what is registered in a database, in a directory without a Deployfile.
func TestDeployments(t *testing.T) {
	engine := lab.StartEngine(t)
	dir, root := t.TempDir(), repository(t)
	lib := installed(t, dir, shared.Python)
	contexts := ""
	for name, value := range shared.Contexts() {
		contexts += " --build-context '" + name + "=" + value + "'"
	}
	// The images that are said to be on this machine by its own names.
	program := filepath.Join(dir, "deployfile")
	wrapper := `#!/bin/sh
case "$3" in
lock | plan | build | deploy | run | predict) events=$2 verb=$3; shift 3; set -- --events "$events" "$verb"` + contexts + ` "$@" ;;
esac
exec ` + filepath.Join(lib, "bin/deployfile") + ` "$@"
`
	if err := os.WriteFile(program, []byte(wrapper), 0o755); err != nil {
		t.Fatal(err)
	}
	here := filepath.Join(dir, "here")
	if err := os.Mkdir(here, 0o755); err != nil {
		t.Fatal(err)
	}
	c := engine.Command(context.Background(), shared.Python, filepath.Join(root, "integration/python/deployments_test.py"), filepath.Join(root, "examples/iris/model"))
	c.Dir = here
	c.Env = append(c.Env, "PYTHONPATH="+lib, "DEPLOYFILE_PROGRAM="+program, "DOCKER_HOST="+engine.Host, "DEPLOYFILE_BUILDER="+shared.builder,
		"MLFLOW_TRACKING_URI=sqlite:///"+filepath.Join(here, "mlflow.db"))
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
