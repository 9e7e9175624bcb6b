//go:build integration

package azureml

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/deployfile/deployfile/internal/testing/azurecloud"
	"github.com/deployfile/deployfile/internal/testing/clouds/endtoend"
	"github.com/deployfile/deployfile/internal/testing/clouds/host"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// shared is what the tests share; TestMain sets it once, and no test changes it.
var shared endtoend.Shared

func TestMain(m *testing.M) {
	lab.Main(m, func(m *testing.M) (int, error) { return endtoend.Run(m, "./integration/azureml", &shared) })
}

const acr = "team.azurecr.io"

// keys are those of every target.
const keys = `
[targets.azure]
kind           = "azureml"
endpoint       = "iris"
image          = "` + acr + `/iris"
subscription   = "` + azurecloud.Subscription + `"
resource-group = "` + azurecloud.ResourceGroup + `"
workspace      = "` + azurecloud.Workspace + `"
instance-type  = "Standard_DS3_v2"
`

// user is somebody with a project and a workspace at Azure, at the command line.
type user struct {
	*endtoend.User
	cloud *azurecloud.Cloud
}

// newUser returns a user of a project. The cloud starts real containers.
func newUser(t *testing.T, p *lab.Project, h *host.Host, more string) *user {
	t.Helper()
	c := azurecloud.New(t)
	h.Name, h.Registry, h.Dir = acr, shared.Registry.Host, t.TempDir()
	h.Formats = []types.MediaType{types.DockerManifestSchema2}
	c.Pull = h.Pull
	c.Start = func(x azurecloud.Container) (azurecloud.Server, error) {
		return h.Start(x.Image, x.Env, x.Port, host.Limits{Connect: time.Second, Ping: 5 * time.Second, Start: x.Startup, Invoke: x.Request})
	}
	c.Storage = t.TempDir()
	c.Run = func(x azurecloud.Task) error {
		return h.Run(x.Image, []string{"sh", "-c", x.Command}, x.Env, x.Mounts)
	}
	// The next look sees the end of what was asked for.
	c.Step = 6 * time.Minute
	p.Write(t, "Deployfile", p.Read(t, "Deployfile")+keys+more)
	return &user{&endtoend.User{Project: p, Shared: &shared, Target: "azure", Repository: acr + "/iris", Environment: c.CommandLine(t, t.TempDir())}, c}
}

// TestCanary shows that no request fails, and who answers. The image runs as its own user.
func TestCanary(t *testing.T) {
	u := newUser(t, shared.Project(t), &host.Host{}, "strategy = \"canary\"\nweight = 10\n")
	endtoend.Canary(t, u.User, 65532, "User container has crashed or terminated", u.cloud.There)
}

// TestMLflow has MLflow's own server answer as a user that is not the image's, with nowhere
// to write but /tmp and no network: Azure does not document who runs a container.
func TestMLflow(t *testing.T) {
	u := newUser(t, lab.Example(t, shared.Parts, "../../examples/iris"), &host.Host{User: "993:990", ReadOnly: true}, "no-egress = true\n")
	image := u.Build(t)
	u.Run(t, "deploy", "azure", "--image", image)
	if out := u.Run(t, "predict", "--target", "azure", "-i", "model/serving_input_example.json"); !strings.Contains(out, `"predictions"`) {
		t.Errorf("the answer is %s", out)
	}
	// So does it when Azure's own client asks.
	if out := u.cloud.Invoke(t, "iris", filepath.Join(u.Dir, "model/serving_input_example.json")); !strings.Contains(out, `"predictions"`) {
		t.Errorf("the answer is %s", out)
	}
	u.batch(t)
	seen := u.cloud.Read(t, "iris")["iris"]
	for name, e := range seen.Environments {
		if e["image"] != image || !strings.HasSuffix(fmt.Sprint(seen.Deployments[name]["provisioning_state"]), "SUCCEEDED") || fmt.Sprint(seen.Endpoint["traffic"]) != "map["+name+":100]" {
			t.Errorf("Azure's client sees %+v", seen)
		}
	}
	_, log, err := u.Try(t, "predict", "--target", "azure", "-i", "Deployfile", "--content-type", "application/json")
	if err == nil || !strings.Contains(log, "the model answers 400") {
		t.Errorf("%v\n%s", err, log)
	}
	u.Run(t, "delete", "azure", "--yes")
}

// TestRefused shows one message for an image that is not there and for one that may not be
// pulled, and that what was served is served as before.
func TestRefused(t *testing.T) {
	u := newUser(t, shared.Project(t), &host.Host{}, "")
	first := u.Build(t)
	u.Run(t, "deploy", "azure", "--image", first)
	before := u.cloud.There()
	refused := func(image string, says ...string) {
		t.Helper()
		_, log, err := u.Try(t, "deploy", "azure", "--image", image)
		for _, want := range append(says, "the endpoint's identity needs the role AcrPull there", "revision 1 is served again") {
			if err == nil || strings.Count(log, want) != 1 {
				t.Errorf("%v: not once %q\n%s", err, want, log)
			}
		}
		u.cloud.Wait(time.Hour)
		if after := u.cloud.There(); !slices.Equal(before, after) {
			t.Errorf("before %v, after %v", before, after)
		}
		if got := u.cloud.Serving("iris"); got != first {
			t.Errorf("%q answers", got)
		}
	}
	missing := acr + "/iris@sha256:" + strings.Repeat("0", 64)
	refused(missing, "requested image "+missing+" not found")
	u.cloud.Pull = func(string) error { return errors.New("unauthorized: authentication required") }
	endtoend.SetVersion(t, u.Project, "2")
	refused(u.Build(t), "unauthorized: authentication required")
}

// batch has a job of the same image answer the rows of a file in the workspace's datastore.
func (u *user) batch(t *testing.T) {
	t.Helper()
	const store, header, row = "azureml://datastores/workspaceblobstore/paths/", "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n", "5.1,3.5,1.4,0.2\n"
	out := filepath.Join(u.cloud.Storage, "out")
	// Whoever runs the container writes there.
	if err := errors.Join(os.WriteFile(filepath.Join(u.cloud.Storage, "rows.csv"), []byte(header+strings.Repeat(row, 1000)), 0o644), os.Mkdir(out, 0o700), os.Chmod(out, 0o777), os.Chmod(u.cloud.Storage, 0o755)); err != nil {
		t.Fatal(err)
	}
	u.Run(t, "predict", "--target", "azure", "--batch", store+"rows.csv", store+"out/answers.jsonl")
	got, err := os.ReadFile(filepath.Join(out, "answers.jsonl"))
	if want := strings.Repeat("0\n", 1000); err != nil || string(got) != want {
		t.Errorf("the answers are %.100q, %v; %v", got, err, u.cloud.Jobs())
	}
	_, log, err := u.Try(t, "predict", "--target", "azure", "--batch", store+"none.csv", store+"out/none.csv")
	if err == nil || !strings.Contains(log, "is Failed; its log is at https://ml.azure.com/runs/iris-") {
		t.Errorf("%v\n%s", err, log)
	}
}
