//go:build integration

package sagemaker

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/awscloud"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// shared is what the tests share; TestMain sets it once, and no test changes it.
var shared struct {
	lab.Parts
	builder  string
	registry *lab.Registry
	shapes   func(operation string, input bool, body []byte) error
}

func TestMain(m *testing.M) { lab.Main(m, run) }

func run(m *testing.M) (code int, err error) {
	if shared.Parts, err = lab.FindParts("./integration/sagemaker"); err != nil {
		return 1, err
	}
	out, err := exec.Command(shared.Python, "-c", "import botocore, os; print(os.path.dirname(botocore.__file__) + '/data')").Output()
	if err != nil {
		return 1, err
	}
	if shared.shapes, err = awscloud.LoadShapes(strings.TrimSpace(string(out))); err != nil {
		return 1, err
	}
	d, err := lab.AnyDaemon()
	if err != nil {
		return 1, err
	}
	defer d.Stop()
	shared.builder = d.Address
	dir, err := os.MkdirTemp("", "deployfile-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if shared.registry, err = lab.NewRegistry(filepath.Join(dir, "registry")); err != nil {
		return 1, err
	}
	defer shared.registry.Stop()
	return m.Run(), nil
}

// user is somebody with a project and an account of AWS, at the command line.
type user struct {
	*lab.Project
	cloud *awscloud.Cloud
}

// keys are those of every target.
const keys = `
[targets.aws]
kind           = "sagemaker"
endpoint       = "iris"
image          = "` + ecrHost + `/iris"
execution-role = "arn:aws:iam::123456789012:role/Iris"
instance-type  = "ml.m5.large"
`

// newUser returns a user of a project. The cloud starts real containers.
func newUser(t *testing.T, p *lab.Project, more string) *user {
	t.Helper()
	u := &user{p, awscloud.New(t)}
	h := &host{registry: shared.registry.Host, dir: t.TempDir()}
	u.cloud.Shapes, u.cloud.Start, u.cloud.Pull = shared.shapes, h.start, h.pull
	// Of two looks, one sees the change, and the next its end.
	u.cloud.Step = time.Minute
	p.Write(t, "Deployfile", p.Read(t, "Deployfile")+keys+more)
	return u
}

// deadline is for a command on a busy machine.
const deadline = 10 * time.Minute

func (u *user) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = u.Dir
	cmd.Env = append(os.Environ(), "BUILDKIT_HOST="+shared.builder)
	for name, value := range u.cloud.Environment() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// try runs a command.
func (u *user) try(t *testing.T, args ...string) (out, log string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	cmd := u.command(ctx, "deployfile", args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// run runs a command that has to succeed, and returns what it prints.
func (u *user) run(t *testing.T, args ...string) string {
	t.Helper()
	out, log, err := u.try(t, args...)
	if err != nil {
		t.Fatalf("deployfile %v: %v\n%s%s", args, err, out, lab.Tail(log))
	}
	return out
}

// build builds the image in the form that the target takes, and returns its name in ECR.
func (u *user) build(t *testing.T, more ...string) string {
	t.Helper()
	args := []string{"build", "--progress=plain", "--target", "aws", "-o", "type=image,name=" + shared.registry.Host + "/iris,push=true,push-by-digest=true,oci-mediatypes=false"}
	for name, value := range u.Contexts {
		args = append(args, "--build-context", fmt.Sprintf("%s=%s", name, value))
	}
	out := u.run(t, append(args, more...)...)
	_, digest, ok := strings.Cut(strings.TrimSpace(out), "sha256:")
	if !ok {
		t.Fatalf("no digest: %s", out)
	}
	return ecrHost + "/iris@sha256:" + digest[:64]
}

// brokenBuild builds an image whose server does not start.
func (u *user) brokenBuild(t *testing.T) string {
	t.Helper()
	return u.build(t, "--no-verify")
}
