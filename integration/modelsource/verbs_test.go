//go:build integration

package modelsource

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestURIVerbs gives a model's URI to each command that takes one, where there is no
// Deployfile. An unknown one is one clear error, and no file that nobody has written is named.
func TestURIVerbs(t *testing.T) {
	s := startServer(t, nil, "--artifacts-destination", t.TempDir())
	s.logModel(t, nil)
	u, dir := newUser(t, map[string]string{"MLFLOW_TRACKING_URI": s.URL}), t.TempDir()
	const champion = "models:/my model@champion"

	for _, verb := range []string{"check", "plan", "build", "run", "predict", "init"} {
		code := 4
		if verb == "init" {
			code = 1
		}
		for uri, want := range map[string]string{
			"models:/none/1":              `error: model.source: ` + s.URL[len("http://"):] + `: version 1 of the registered model "none": 404 Not Found: Model Version (name=none, version=1) not found`,
			"models:/my model@nobody":     `the alias "nobody" of the registered model "my model": 400 Bad Request: Registered model alias nobody not found`,
			"runs:/" + s.Run + "/nothing": "it has no files",
		} {
			out, log := u.in(t, dir, code, verb, uri)
			if verb == "init" {
				want = strings.Replace(want, "model.source: ", "", 1)
			}
			if out != "" || strings.Count(log, want) != 1 || strings.Count(log, "error:") != 1 || strings.Contains(log, os.TempDir()) {
				t.Errorf("%s %s says %q%q, want %q", verb, uri, out, log, want)
			}
		}
	}
	nowhere := newUser(t, map[string]string{"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"})
	if out, log := nowhere.in(t, dir, 4, "check", champion); out != "" || !strings.Contains(log, "connection refused") {
		t.Errorf("check without a server says %q%q", out, log)
	}
	if _, log := u.in(t, dir, 2, "deploy", champion); !strings.Contains(log, "write one with deployfile init '"+champion+"'") {
		t.Errorf("deploy says %q", log)
	}

	if out, log := u.in(t, dir, 0, "check", champion); out != champion+" is models:/my model/1, and is checked when it is locked\n" || log != "" {
		t.Errorf("check says %q%q", out, log)
	}
	if out, _ := u.in(t, dir, 0, "plan", "--json", champion); !strings.Contains(out, `"path": "artifacts/a file.bin"`) {
		t.Errorf("plan says %s", out)
	}
	iid := filepath.Join(t.TempDir(), "iid")
	u.in(t, dir, 0, "build", "--iidfile", iid, champion)
	if id, err := os.ReadFile(iid); err != nil || !strings.HasPrefix(string(id), "sha256:") {
		t.Errorf("build made %q: %v", id, err)
	}
	u.serves(t, dir, champion)
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v: %v", left, err)
	}
}

// serves runs the server of a URI, asks it, and ends it.
func (u *user) serves(t *testing.T, dir, uri string) {
	t.Helper()
	port, err := lab.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	c := u.command(t, append([]string{"run", "--port", strconv.Itoa(port), uri}, built(shared.Contexts())...)...)
	c.Dir = dir
	url := "http://127.0.0.1:" + strconv.Itoa(port)
	p, err := lab.StartCommand(filepath.Join(t.TempDir(), "log"), lab.Answers(http.DefaultClient, url+"/ping"), c)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	client := &http.Client{Timeout: time.Minute}
	answer, err := client.Post(url+"/invocations", "application/json", bytes.NewReader([]byte(`{"inputs": ["a"]}`)))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); err != nil || !strings.Contains(string(text), `"ok"`) {
		t.Errorf("it answers %q: %v", text, err)
	}
}
