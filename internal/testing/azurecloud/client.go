package azurecloud

import (
	"bytes"
	"context"
	_ "embed" // for the script
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"
)

// script runs Azure's own Python client.
//
//go:embed client.py
var script string

// PythonVariable is the environment variable with a Python that has Azure's own client,
// which hack/with-env.sh sets.
const PythonVariable = "DEPLOYFILE_TEST_AZURE"

// Seen is what Azure's own client sees of an endpoint, as files of the command line.
type Seen struct {
	Endpoint                  map[string]any
	Deployments, Environments map[string]map[string]any
}

// Read returns what Azure's own client sees of endpoints.
func (c *Cloud) Read(t testing.TB, endpoints ...string) (seen map[string]Seen) {
	t.Helper()
	if err := json.Unmarshal(c.python(t, "read", endpoints), &seen); err != nil {
		t.Fatal(err)
	}
	return seen
}

// Create has Azure's own client make what the documents in each of some directories say.
func (c *Cloud) Create(t testing.TB, dirs ...string) {
	t.Helper()
	c.python(t, "create", dirs)
}

// Invoke has Azure's own client send a file to an endpoint, and returns the answer.
func (c *Cloud) Invoke(t testing.TB, endpoint, file string) string {
	t.Helper()
	return string(c.python(t, "invoke", []string{endpoint, file}))
}

func (c *Cloud) python(t testing.TB, verb string, args []string) []byte {
	t.Helper()
	python := os.Getenv(PythonVariable)
	if python == "" {
		t.Fatalf("%s is not set: run this with hack/with-env.sh", PythonVariable)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, append([]string{"-c", script, Subscription + "/" + ResourceGroup + "/" + Workspace, verb}, args...)...)
	cmd.Env = os.Environ()
	for name, value := range c.CommandLine(t, t.TempDir()) {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("Azure's client: %s %v: %v\n%s", verb, args, err, log.String())
	}
	return out.Bytes()
}
