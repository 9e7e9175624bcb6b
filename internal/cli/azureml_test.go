package cli

import (
	"testing"

	"github.com/deployfile/deployfile/internal/testing/azurecloud"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestAzureScripts runs what needs no builder at a double of Azure. Its quota is of two
// instances, with the fifth for upgrades.
func TestAzureScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/azureml",
		Setup: func(e *testscript.Env) error {
			c := azurecloud.New(t)
			c.Quota = 2
			for name, value := range c.CommandLine(t, e.WorkDir) {
				e.Setenv(name, value)
			}
			e.Values["cloud"] = c
			return setup(e)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			// without: the caller may not do an action.
			"without": func(ts *testscript.TestScript, _ bool, args []string) {
				c, _ := ts.Value("cloud").(*azurecloud.Cloud)
				c.Roles = []azurecloud.Role{{Actions: []string{"*"}, NotActions: args}}
			},
			"asked": asked,
		},
		RequireExplicitExec: true,
	})
}
