//go:build integration

package deploy

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/cluster"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// shared is what the tests share; TestMain sets it once, and no test changes it.
var shared struct {
	lab.Parts
	builder  string
	clusters cluster.Shared
}

func TestMain(m *testing.M) { lab.Main(m, run) }

func run(m *testing.M) (code int, err error) {
	if shared.Parts, err = lab.FindParts("./integration/deploy"); err != nil {
		return 1, err
	}
	defer shared.clusters.Close()
	d, err := lab.AnyDaemon()
	if err != nil {
		return 1, err
	}
	defer d.Stop()
	shared.builder = d.Address
	return m.Run(), nil
}

// user is somebody with a project and a cluster, at the command line.
type user struct {
	*lab.Project
	node *cluster.NodeCluster
}

// deadline is for a command that builds and deploys on a busy machine.
const deadline = 10 * time.Minute

// run runs a command that has to succeed, and returns what it prints on
// standard output.
func (u *user) run(t *testing.T, args ...string) string {
	t.Helper()
	out, log, err := u.try(t, args...)
	if err != nil {
		t.Fatalf("deployfile %v: %v\n%s%s", args, err, out, lab.Tail(log))
	}
	return out
}

// try runs a command.
func (u *user) try(t *testing.T, args ...string) (out, log string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	cmd := u.node.Command(ctx, "deployfile", args...)
	cmd.Dir = u.Dir
	cmd.Env = append(cmd.Env, "KUBECONFIG="+u.node.Kubeconfig, "BUILDKIT_HOST="+shared.builder)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// builds adds the flags that stand in for a registry of base images.
func (u *user) builds(args ...string) []string {
	return append(append(args, "--progress=plain"), lab.BuildContexts(u.Contexts)...)
}
