//go:build integration

package modelsource

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestWebhook builds a new image when a real MLflow server says that an alias has moved, as
// docs/ci has it, and not when somebody else says so.
func TestWebhook(t *testing.T) {
	s := startServer(t, map[string]string{
		"MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "MLFLOW_WEBHOOK_CACHE_TTL": "1",
		"MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http", "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
	}, "--artifacts-destination", t.TempDir())
	s.logModel(t, nil)
	registry := lab.StartRegistry(t)
	image := registry.Host + "/champion:latest"
	u, dir := newUser(t, map[string]string{"MLFLOW_TRACKING_URI": s.URL}), t.TempDir()
	u.in(t, dir, 0, "init", "models:/my model@champion")
	u.in(t, dir, 0, "lock")
	lab.Commit(t, dir)
	lab.Git(t, dir, "init", "--quiet", "--bare", "--initial-branch=main", dir+".git")
	lab.Git(t, dir, "remote", "add", "origin", dir+".git")
	lab.Git(t, dir, "push", "--quiet", "--set-upstream", "origin", "main")

	hook := startHook(t, u, dir, image)
	post := func(signature string) int {
		t.Helper()
		req, err := http.NewRequest(http.MethodPost, hook, bytes.NewReader([]byte(`{"entity":"model_version_alias","action":"created"}`)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-MLflow-Timestamp", strconv.FormatInt(time.Now().Unix(), 10))
		req.Header.Set("X-MLflow-Delivery-Id", "1")
		req.Header.Set("X-MLflow-Signature", signature)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	for _, forged := range []string{"", "v1,", "v1,AAAA"} {
		if code := post(forged); code != http.StatusUnauthorized {
			t.Errorf("the signature %q is answered with %d", forged, code)
		}
	}
	s.webhook(t, hook)
	s.alias(t, "my model", "champion", "2")
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(500 * time.Millisecond) {
		if log := lab.Git(t, dir+".git", "log", "--format=%s", "main"); strings.Contains(log, "Take the model") {
			break
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(u.home, "hook.log"))
			t.Fatalf("no lock was committed:\n%s", lab.Tail(string(log)))
		}
	}
	locks(t, dir, "models:/my model/2")
	img, err := lab.Pull(t, image).Image()
	if err != nil {
		t.Fatal(err)
	}
	if c, err := img.ConfigFile(); err != nil || c.Config.Labels["io.github.deployfile.model.registered-version"] != "2" {
		t.Errorf("the image has the labels %v, %v", c.Config.Labels, err)
	}
}

// startHook starts the recipe's receiver, and returns its address.
func startHook(t *testing.T, u *user, dir, image string) string {
	t.Helper()
	// The program that the recipe calls, with the flags that tests need.
	bin := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\ncase $1 in lock|build) exec '%s' \"$@\" '%s' ;; esac\nexec '%[1]s' \"$@\"\n", os.Args[0], strings.Join(built(shared.Contexts()), "' '"))
	if err := os.WriteFile(filepath.Join(bin, "deployfile"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	recipes, err := filepath.Abs("../../docs/ci")
	if err != nil {
		t.Fatal(err)
	}
	port, err := lab.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(shared.Python, filepath.Join(recipes, "webhook.py"), strconv.Itoa(port), filepath.Join(recipes, "moved-model.sh"))
	c.Dir = dir
	c.Env = append(u.env, "PATH="+bin+":"+os.Getenv("PATH"), "IMAGE="+image, "MLFLOW_WEBHOOK_SECRET=s3cr3t", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=CI", "GIT_AUTHOR_EMAIL=ci@example.com", "GIT_COMMITTER_NAME=CI", "GIT_COMMITTER_EMAIL=ci@example.com")
	url := "http://127.0.0.1:" + strconv.Itoa(port)
	p, err := lab.StartCommand(filepath.Join(u.home, "hook.log"), func() bool {
		res, err := http.Post(url, "application/json", nil)
		if err == nil {
			_ = res.Body.Close()
		}
		return err == nil
	}, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return url
}

// webhook registers a webhook as the page has it.
func (s *server) webhook(t *testing.T, url string) {
	t.Helper()
	code := `import mlflow, sys
mlflow.MlflowClient(sys.argv[1]).create_webhook(
    name="champion", url=sys.argv[2], events=["model_version_alias.created"], secret="s3cr3t")`
	c := exec.CommandContext(t.Context(), shared.Python, "-c", code, s.URL, url)
	c.Env = environment(map[string]string{"MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http", "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true"})
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
