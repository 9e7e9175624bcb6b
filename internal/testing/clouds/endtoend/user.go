package endtoend

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// User is somebody with a project and an account at a cloud, at the command line.
type User struct {
	*lab.Project
	Shared *Shared
	// Target is the name of the target, Repository where its images are.
	Target, Repository string
	// Environment has the variables by which the cloud is found.
	Environment map[string]string
}

// deadline is for a command on a busy machine.
const deadline = 10 * time.Minute

// Command returns a command in the project.
func (u *User) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = u.Dir
	cmd.Env = append(os.Environ(), "BUILDKIT_HOST="+u.Shared.Builder)
	for name, value := range u.Environment {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// Try runs a command.
func (u *User) Try(t *testing.T, args ...string) (out, log string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	cmd := u.Command(ctx, "deployfile", args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	return stdout.String(), stderr.String(), err
}

// Run runs a command that has to succeed, and returns what it prints.
func (u *User) Run(t *testing.T, args ...string) string {
	t.Helper()
	out, log, err := u.Try(t, args...)
	if err != nil {
		t.Fatalf("deployfile %v: %v\n%s%s", args, err, out, lab.Tail(log))
	}
	return out
}

// Build builds the image in the form that clouds take, and returns its name in the cloud's
// registry.
func (u *User) Build(t *testing.T, more ...string) string {
	t.Helper()
	args := []string{"build", "--progress=plain", "--target", u.Target, "-o", "type=image,name=" + u.Shared.Registry.Host + "/iris,push=true,push-by-digest=true,oci-mediatypes=false"}
	out := u.Run(t, append(append(args, u.BuildContexts()...), more...)...)
	_, digest, ok := strings.Cut(strings.TrimSpace(out), "sha256:")
	if !ok {
		t.Fatalf("no digest: %s", out)
	}
	return u.Repository + "@sha256:" + digest[:64]
}

// BuildContexts returns the options by which whatever builds gets the tests' base images.
func (u *User) BuildContexts() (options []string) { return lab.BuildContexts(u.Contexts) }

// Open returns what deployfile open leads to, until the test ends.
func (u *User) Open(t *testing.T) (url string) {
	t.Helper()
	cmd := u.Command(t.Context(), "deployfile", "open", u.Target, "--json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	var said struct{ URL string }
	if err := json.NewDecoder(out).Decode(&said); err != nil || said.URL == "" {
		t.Fatalf("%v\n%s", err, log.String())
	}
	return said.URL
}
