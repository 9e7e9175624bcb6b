//go:build integration

package azureml

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/azurecloud"
	"github.com/deployfile/deployfile/internal/testing/clouds/host"
)

// TestAccountScript runs at the double what is there for a real account, with a server that
// starts at once; TestMLflow runs a batch in an image.
func TestAccountScript(t *testing.T) {
	u := newUser(t, shared.Project(t), &host.Host{}, "")
	script, err := filepath.Abs("../../hack/azureml-account.sh")
	if err != nil {
		t.Fatal(err)
	}
	rows, answers := filepath.Join(u.cloud.Storage, "rows.csv"), filepath.Join(u.cloud.Storage, "rows-answers.jsonl")
	u.cloud.Run = func(azurecloud.Task) error {
		_, err := os.Stat(rows)
		return errors.Join(err, os.WriteFile(answers, []byte("0\n"), 0o600))
	}
	image := u.Build(t)
	if err := os.WriteFile(rows, []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Parallel() // with TestMLflow: both wait for the next look most of the time
	cmd := u.Command(t.Context(), script, acr+"/iris", azurecloud.Subscription, azurecloud.ResourceGroup, azurecloud.Workspace)
	cmd.Env = append(cmd.Env, "IMAGE="+image, "XDG_CACHE_HOME="+t.TempDir(), "ROWS=azureml://datastores/workspaceblobstore/paths/rows.csv")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if left := u.cloud.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if _, err := os.Stat(answers); err != nil {
		t.Error(err)
	}
}
