//go:build integration && clouds

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
		return h.Start(x.Image, x.Env, nil, x.Port, host.Limits{Connect: time.Second, Ping: 5 * time.Second, Start: x.Startup, Invoke: x.Request})
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

// TestMLflow runs the commands of the page. MLflow's own server answers as a user that is not
// the image's, with nowhere to write but /tmp and no network: Azure does not document who runs
// a container.
func TestMLflow(t *testing.T) {
	u := newUser(t, lab.Example(t, shared.Parts, "../../examples/iris"), &host.Host{User: "993:990", ReadOnly: true}, "no-egress = true\n")
	image := u.Build(t)
	t.Parallel()
	u.rows(t)
	for _, args := range pageCommands(t, image) {
		out := u.Run(t, args...)
		if args[0] == "predict" && args[3] == "-i" && !strings.Contains(out, `"predictions"`) {
			t.Errorf("the answer is %s", out)
		}
	}
	if got, err := os.ReadFile(filepath.Join(u.cloud.Storage, "answers.jsonl")); err != nil || string(got) != strings.Repeat("0\n", 1000) {
		t.Errorf("the answers are %.100q, %v; %v", got, err, u.cloud.Jobs())
	}
	// Azure's own client gets an answer, too, and sees what was made.
	if out := u.cloud.Invoke(t, "iris", filepath.Join(u.Dir, "model/serving_input_example.json")); !strings.Contains(out, `"predictions"`) {
		t.Errorf("the answer is %s", out)
	}
	seen := u.cloud.Read(t, "iris")["iris"]
	for name, e := range seen.Environments {
		if e["image"] != image || !strings.HasSuffix(fmt.Sprint(seen.Deployments[name]["provisioning_state"]), "SUCCEEDED") || fmt.Sprint(seen.Endpoint["traffic"]) != "map["+name+":100]" {
			t.Errorf("Azure's client sees %+v", seen)
		}
	}
	for args, want := range map[string]string{
		"-i Deployfile --content-type application/json":    "the model answers 400",
		"--batch " + store + "none.csv " + store + "x.csv": "is Failed; its log is at https://ml.azure.com/runs/iris-",
	} {
		_, log, err := u.Try(t, append([]string{"predict", "--target", "azure"}, strings.Fields(args)...)...)
		if err == nil || !strings.Contains(log, want) {
			t.Errorf("%v\n%s", err, log)
		}
	}
	u.Run(t, "delete", "azure", "--yes")
	if left := u.cloud.There(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// store is the datastore of the workspace.
const store = "azureml://datastores/workspaceblobstore/paths/"

// rows writes a file to it. Whoever runs a container writes there, too.
func (u *user) rows(t *testing.T) {
	t.Helper()
	const header, row = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n", "5.1,3.5,1.4,0.2\n"
	if err := errors.Join(os.WriteFile(filepath.Join(u.cloud.Storage, "rows.csv"), []byte(header+strings.Repeat(row, 1000)), 0o644), os.Chmod(u.cloud.Storage, 0o777)); err != nil {
		t.Fatal(err)
	}
}

// pageCommands returns the commands of deployfile that the page about the kind has, with an
// image that is built, but those that make the project, and delete.
func pageCommands(t *testing.T, image string) (out [][]string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/targets/azureml.md")
	if err != nil {
		t.Fatal(err)
	}
	inside := false
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			inside = line == "```sh" || line == "```console"
			continue
		}
		args := strings.Fields(strings.ReplaceAll(strings.TrimPrefix(line, "$ "), `"$IMAGE"`, image))
		if !inside || len(args) < 2 || args[0] != "deployfile" {
			continue
		}
		switch args[1] {
		case "init", "lock", "delete":
			continue
		case "deploy":
			args = append(args, "--image", image)
		}
		out = append(out, args[1:])
	}
	if len(out) < 5 {
		t.Fatalf("the page has %q", out)
	}
	return out
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
