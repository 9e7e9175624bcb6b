//go:build integration

package modelsource

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/cli"
	"github.com/deployfile/deployfile/internal/modelcache"
	"github.com/deployfile/deployfile/internal/modelstore"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// shared is what the tests share.
var shared buildtest.Shared

func TestMain(m *testing.M) {
	if os.Getenv(commandLine) != "" {
		os.Exit(cli.Main("devel"))
	}
	shared.Main(m, "./integration/modelsource")
}

// server is a real MLflow server with a model that MLflow has logged there.
type server struct {
	// URL is its address, Run and Model the newer of two models, Names the names of
	// both, each with the directory to which MLflow's client has downloaded it.
	URL        string
	Run, Model string
	Names      map[string]string
}

// startServer starts a server with more arguments and variables.
func startServer(t *testing.T, env map[string]string, args ...string) *server {
	t.Helper()
	return startServerIn(t, lab.Loopback(), env, args...)
}

// startServerIn starts one in a network.
func startServerIn(t *testing.T, n lab.Network, env map[string]string, args ...string) *server {
	t.Helper()
	dir := t.TempDir()
	port, err := lab.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{URL: "http://" + n.Address + ":" + strconv.Itoa(port)}
	client := &http.Client{Transport: n.Transport()}
	c := n.Command(context.Background(), shared.Python, append([]string{
		"-m", "mlflow", "server", "--host", n.Address, "--port", strconv.Itoa(port), "--workers", "1",
		"--backend-store-uri", "sqlite:///" + filepath.Join(dir, "mlflow.db"),
	}, args...)...)
	c.Env = environment(env)
	c.Dir = dir
	p, err := lab.StartCommand(filepath.Join(dir, "log"), lab.Answers(client, s.URL+"/health"), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return s
}

func environment(more map[string]string) []string {
	env := append(os.Environ(), "MLFLOW_DISABLE_TELEMETRY=1", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false")
	for name, value := range more {
		env = append(env, name+"="+value)
	}
	return env
}

// logModel has MLflow log a model twice, and download it by each of its names.
func (s *server) logModel(t *testing.T, env map[string]string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, shared.Python, "testdata/log.py", s.URL, t.TempDir())
	c.Env = environment(env)
	out, err := c.CombinedOutput()
	_, answer, ok := strings.Cut(string(out), "FOUND ")
	if err != nil || !ok {
		t.Fatalf("log a model: %v\n%s", err, lab.Tail(string(out)))
	}
	if err := json.NewDecoder(strings.NewReader(answer)).Decode(s); err != nil {
		t.Fatal(err)
	}
}

// options are those of a client with these variables.
func options(t *testing.T, server string, env map[string]string) modelstore.Options {
	t.Helper()
	return modelstore.Options{Home: t.TempDir(), Getenv: func(name string) string {
		if name == "MLFLOW_TRACKING_URI" {
			return server
		}
		return env[name]
	}}
}

// files resolves a source and downloads it, and returns the hash of each file.
func files(t *testing.T, source string, o modelstore.Options) (*modelstore.Model, map[string]string, error) {
	t.Helper()
	m, err := modelstore.Resolve(t.Context(), source, o)
	if err != nil {
		return nil, nil, err
	}
	list, err := m.Store.List(t.Context())
	if err != nil {
		return m, nil, err
	}
	cache, closed, err := modelcache.Open(t.TempDir(), modelcache.DefaultLimit)
	if err != nil {
		t.Fatal(err)
	}
	defer closed()
	got, err := modelstore.Download(t.Context(), cache, m.Store, m.Pin.Location, list)
	if err != nil {
		return m, nil, err
	}
	out := map[string]string{}
	for _, f := range got {
		out[f.Path] = f.SHA256
	}
	return m, out, nil
}
