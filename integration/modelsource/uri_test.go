//go:build integration

package modelsource

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// in runs a command in a directory, and returns its outputs. It must end with code.
func (u *user) in(t *testing.T, dir string, code int, args ...string) (out, log string) {
	t.Helper()
	switch args[0] {
	case "lock", "run", "predict", "build", "plan":
		args = append(args, built(shared.Contexts())...)
	}
	c := u.command(t, args...)
	c.Dir = dir
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); c.ProcessState == nil || c.ProcessState.ExitCode() != code {
		t.Fatalf("deployfile %s: %v, want code %d\n%s%s", strings.Join(args, " "), err, code, stdout.String(), lab.Tail(stderr.String()))
	}
	return stdout.String(), stderr.String()
}

// TestURI goes from an alias to an answer, follows the alias when it moves, and needs a
// Deployfile for the lock alone.
func TestURI(t *testing.T) {
	s := startServer(t, nil, "--artifacts-destination", t.TempDir())
	s.logModel(t, nil)
	u, dir := newUser(t, map[string]string{"MLFLOW_TRACKING_URI": s.URL}), t.TempDir()
	const champion = "models:/my model@champion"

	if out, _ := u.in(t, dir, 0, "check", champion); !strings.Contains(out, champion+" is models:/my model/1") {
		t.Errorf("check says %q", out)
	}
	request := filepath.Join(dir, "request.json")
	if err := os.WriteFile(request, []byte(`{"inputs": ["a", "b"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _ := u.in(t, dir, 0, "predict", "-i", request, champion); !strings.Contains(out, `"predictions": ["ok", "ok"]`) {
		t.Errorf("predict says %q", out)
	}
	// The request that MLflow saved with the model.
	if out, _ := u.in(t, dir, 0, "predict", champion); !strings.Contains(out, `"predictions": ["ok"]`) {
		t.Errorf("predict says %q", out)
	}
	if _, log := u.in(t, dir, 2, "predict", "models:/bare@bare"); !strings.Contains(log, "the model has no input example") {
		t.Errorf("predict says %q", log)
	}
	if _, err := os.Stat(filepath.Join(dir, "Deployfile")); err == nil {
		t.Error("predict writes a Deployfile")
	}

	u.in(t, dir, 1, "init", "models:/my model@nobody")
	if out, _ := u.in(t, dir, 0, "init", champion); !strings.Contains(out, champion+" is models:/my model/1 now") {
		t.Errorf("init says %q", out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "Deployfile"))
	if err != nil || !strings.Contains(string(text), "[model]\nsource = \""+champion+"\"\n") {
		t.Errorf("init writes %v\n%s", err, text)
	}
	u.in(t, dir, 0, "lock")
	if _, log := u.in(t, dir, 0, "check"); strings.Contains(log, "moved-model") {
		t.Errorf("check says %q", log)
	}

	s.alias(t, "my model", "champion", "2")
	const moved = champion + " is version 2 now, and the lock has version 1"
	if _, log := u.in(t, dir, 0, "check"); !strings.Contains(log, moved) || !strings.Contains(log, "deployfile lock --upgrade-model") {
		t.Errorf("check says %q, want %q", log, moved)
	}
	u.in(t, dir, 0, "build")
	u.in(t, dir, 0, "lock")
	locks(t, dir, "models:/my model/1")
	u.in(t, dir, 3, "lock", "--check", "--upgrade-model")
	locks(t, dir, "models:/my model/1")
	packages, err := os.ReadFile(filepath.Join(dir, "pylock.toml"))
	if err != nil {
		t.Fatal(err)
	}
	u.in(t, dir, 0, "lock", "--upgrade-model")
	locks(t, dir, "models:/my model/2")
	if now, err := os.ReadFile(filepath.Join(dir, "pylock.toml")); err != nil || !bytes.Equal(now, packages) {
		t.Errorf("the packages of a model with the same requirements are locked anew: %v", err)
	}
	if _, log := u.in(t, dir, 0, "check"); strings.Contains(log, "moved-model") {
		t.Errorf("check says %q", log)
	}
}

// locks checks what the lock says that the source is.
func locks(t *testing.T, dir, resolved string) {
	t.Helper()
	lock, err := os.ReadFile(filepath.Join(dir, "Deployfile.lock"))
	if err != nil || !strings.Contains(string(lock), fmt.Sprintf("resolved = %q\n", resolved)) {
		t.Errorf("the lock does not say %s: %v\n%s", resolved, err, lock)
	}
}

// alias moves an alias of a registered model.
func (s *server) alias(t *testing.T, name, alias, version string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"name": name, "alias": alias, "version": version})
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(s.URL+"/api/2.0/mlflow/registered-models/alias", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Fatalf("move the alias: %s", res.Status)
	}
}
