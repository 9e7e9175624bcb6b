//go:build integration && clouds

package sagemaker

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/deployfile/deployfile/internal/testing/awscloud"
	"github.com/deployfile/deployfile/internal/testing/clouds/endtoend"
	"github.com/deployfile/deployfile/internal/testing/clouds/host"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// shared is what the tests share; TestMain sets it once, and no test changes it.
var shared endtoend.Shared

func TestMain(m *testing.M) {
	lab.Main(m, func(m *testing.M) (int, error) { return endtoend.Run(m, "./integration/sagemaker", &shared) })
}

// What SageMaker gives a container: another user than the image's, the argument "serve",
// port 8080, and time to answer.
const (
	uid  = 993
	port = 8080
	ecr  = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
)

func limits() host.Limits {
	return host.Limits{Connect: 250 * time.Millisecond, Ping: 2 * time.Second, Start: 4 * time.Minute, Invoke: time.Minute}
}

// user is somebody with a project and an account of AWS, at the command line.
type user struct {
	*endtoend.User
	cloud *awscloud.Cloud
}

// keys are those of every target.
const keys = `
[targets.aws]
kind           = "sagemaker"
endpoint       = "iris"
image          = "` + ecr + `/iris"
execution-role = "arn:aws:iam::123456789012:role/Iris"
instance-type  = "ml.m5.large"
`

// newUser returns a user of a project with the target aws.
func newUser(t *testing.T, p *lab.Project, more string) *user {
	t.Helper()
	p.Write(t, "Deployfile", p.Read(t, "Deployfile")+keys+more)
	return userOf(t, p)
}

// userOf returns a user of a project. The cloud starts real containers.
func userOf(t *testing.T, p *lab.Project) *user {
	t.Helper()
	c := awscloud.New(t)
	h := &host.Host{
		Name: ecr, Registry: shared.Registry.Host, Formats: []types.MediaType{types.DockerManifestSchema2}, Dir: t.TempDir(),
		User: "993:990", Arguments: []string{"serve"}, ReadOnly: true,
	}
	c.Shapes, c.Pull, c.Dir = loadShapes(t), h.Pull, t.TempDir()
	c.Start = func(o awscloud.Container) (awscloud.Server, error) {
		mounts := map[string]string{}
		if o.Model != "" {
			mounts["/opt/ml/model"] = o.Model
		}
		return h.Start(o.Image, o.Env, mounts, port, limits())
	}
	// Of two looks, one sees the change, and the next its end.
	c.Step = time.Minute
	return &user{&endtoend.User{Project: p, Shared: &shared, Target: "aws", Repository: ecr + "/iris", Environment: c.Environment()}, c}
}

// loadShapes returns checks by AWS's own model, which botocore has.
func loadShapes(t *testing.T) func(operation string, input bool, body []byte) error {
	t.Helper()
	out, err := exec.Command(shared.Python, "-c", "import botocore, os; print(os.path.dirname(botocore.__file__) + '/data')").Output()
	if err != nil {
		t.Fatal(err)
	}
	shapes, err := awscloud.LoadShapes(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	return shapes
}
