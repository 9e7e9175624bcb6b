//go:build integration && clouds

package azureml

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/azurecloud"
	"github.com/deployfile/deployfile/internal/testing/clouds/host"
)

// server answers at once; TestMLflow and TestCanary have servers in containers.
type server struct{}

func (server) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	io.WriteString(w, `{"predictions": [0]}`)
}

func (server) Stop() []string { return nil }

// TestAccountScript runs at the double what is there for a real account.
func TestAccountScript(t *testing.T) {
	t.Parallel() // it waits for the next look most of the time
	u := newUser(t, shared.Project(t), &host.Host{}, "")
	u.cloud.Pull, u.cloud.Start = nil, func(azurecloud.Container) (azurecloud.Server, error) { return server{}, nil }
	rows, answers := filepath.Join(u.cloud.Storage, "rows.csv"), filepath.Join(u.cloud.Storage, "rows-answers.jsonl")
	u.cloud.Run = func(azurecloud.Task) error {
		return errors.Join(os.Rename(rows, rows+".read"), os.WriteFile(answers, []byte("0\n"), 0o600))
	}
	script, err := filepath.Abs("../../hack/azureml-account.sh")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(rows, []byte("a\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := u.Command(t.Context(), script, acr+"/iris", azurecloud.Subscription, azurecloud.ResourceGroup, azurecloud.Workspace)
	cmd.Env = append(cmd.Env, "IMAGE="+acr+"/iris@sha256:"+strings.Repeat("0", 64), "XDG_CACHE_HOME="+t.TempDir(), "ROWS=azureml://datastores/workspaceblobstore/paths/rows.csv")
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
