package main

import (
	"testing"

	"github.com/deployfile/deployfile/integration/cluster"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestClusterScripts runs what needs no more of Kubernetes than its control
// plane: no image is built or pulled, and the variable DEPLOYFILE_TEST_FATE
// says what becomes of the pods.
func TestClusterScripts(t *testing.T) {
	var clusters cluster.Shared
	t.Cleanup(clusters.Close)
	c := clusters.Fast(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/cluster",
		Setup: func(e *testscript.Env) error {
			e.Setenv("KUBECONFIG", c.Kubeconfig)
			e.Setenv("NAMESPACE", c.Namespace(t))
			return setup(e)
		},
		Cmds:                commands(),
		RequireExplicitExec: true,
	})
}
