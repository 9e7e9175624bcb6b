package modelstore

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deployfile/deployfile/modelsource"
)

// fake is an MLflow server that answers as a test wants; integration/modelsource has
// the real one.
type fake struct {
	*http.ServeMux
	*httptest.Server
	options Options
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{ServeMux: http.NewServeMux()}
	f.Server = httptest.NewServer(f.ServeMux)
	t.Cleanup(f.Server.Close)
	f.options = Options{TrackingURI: f.URL, Getenv: func(name string) string {
		return map[string]string{modelsource.MLflowToken: "s3cr3t", trackingVariable: f.URL}[name]
	}, Home: t.TempDir()}
	return f
}

func (f *fake) answers(pattern string, status int, answer any) {
	f.ServeMux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(answer)
	})
}

const artifacts = "/api/2.0/mlflow-artifacts/artifacts"

// lists answers with one directory of files, by name and size.
func (f *fake) lists(files ...map[string]any) {
	f.answers("GET "+artifacts, 200, map[string]any{"files": files})
}

func (f *fake) store(t *testing.T) Store {
	t.Helper()
	m, err := Resolve(t.Context(), "mlflow-artifacts:/1/m", f.options)
	if err != nil {
		t.Fatal(err)
	}
	return m.Store
}

func file(name string, size int) map[string]any {
	return map[string]any{"path": name, "is_dir": false, "file_size": size}
}

// TestErrors says what a server refuses, and never the credential.
func TestErrors(t *testing.T) {
	for source, tt := range map[string]struct {
		api    string
		status int
		want   string
	}{
		"models:/none@champion": {"registered-models/alias", 400, `the alias "champion" of the registered model "none": 400 Bad Request: it is not there`},
		"models:/none/3":        {"model-versions/get", 404, `version 3 of the registered model "none": 404 Not Found: it is not there`},
		"models:/none/latest":   {"registered-models/get-latest-versions", 404, `the latest version of the registered model "none": 404`},
		"models:/m-none":        {"logged-models/m-none", 404, `the logged model "m-none": 404`},
		"runs:/none/model":      {"runs/get", 401, `the run "none": 401 Unauthorized: it is not there; set MLFLOW_TRACKING_USERNAME`},
	} {
		f := newFake(t)
		f.answers("/api/2.0/mlflow/"+tt.api, tt.status, map[string]any{"error_code": "X", "message": "it is\nnot there."})
		_, err := Resolve(t.Context(), source, f.options)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v, want %q", source, err, tt.want)
		}
	}
}

// TestRunWithLoggedModel does not wait for the directory below the run, which MLflow 3
// does not make, and for which its server answers 500.
func TestRunWithLoggedModel(t *testing.T) {
	f := newFake(t)
	f.answers("/api/2.0/mlflow/runs/get", 200, map[string]any{"run": map[string]any{"info": map[string]any{
		"run_id": "abc", "experiment_id": "1", "artifact_uri": "mlflow-artifacts:/1/abc/artifacts",
	}}})
	f.answers("/api/2.0/mlflow/logged-models/search", 200, map[string]any{"models": []any{
		map[string]any{"info": map[string]any{"model_id": "m-other", "source_run_id": "other", "artifact_uri": "mlflow-artifacts:/1/models/m-other/artifacts"}},
		map[string]any{"info": map[string]any{"model_id": "m-1", "source_run_id": "abc", "artifact_uri": "mlflow-artifacts:/1/models/m-1/artifacts"}},
	}})
	var listed atomic.Int32
	f.ServeMux.HandleFunc("GET "+artifacts, func(w http.ResponseWriter, _ *http.Request) {
		listed.Add(1)
		w.WriteHeader(500)
	})
	m, err := Resolve(t.Context(), "runs:/abc/model/sub", f.options)
	if err != nil {
		t.Fatal(err)
	}
	if m.Pin.Location != "mlflow-artifacts:/1/models/m-1/artifacts/sub" || m.Pin.ModelID != "m-1" || m.Pin.RunID != "abc" || listed.Load() != 1 {
		t.Errorf("%+v after %d requests for a list", m.Pin, listed.Load())
	}
}

// TestHostileListing refuses what no model has.
func TestHostileListing(t *testing.T) {
	for name, want := range map[string]string{
		"../x": "outside", "/etc/passwd": "outside", "..": "outside", "a\nb": "control character", "a/../../b": "outside", "": "outside",
	} {
		f := newFake(t)
		f.lists(file(name, 1))
		if _, err := f.store(t).List(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
	f := newFake(t)
	f.answers("GET "+artifacts, 200, map[string]any{"files": []any{map[string]any{"path": "again", "is_dir": true}}})
	if _, err := f.store(t).List(t.Context()); err == nil || !strings.Contains(err.Error(), "nested more than") {
		t.Errorf("directories without end: %v", err)
	}
	f = newFake(t)
	f.ServeMux.HandleFunc("GET "+artifacts, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, io.LimitReader(zero{}, 1<<30))
	})
	if _, err := f.store(t).List(t.Context()); err == nil || !strings.Contains(err.Error(), "16 MiB") {
		t.Errorf("an answer without end: %v", err)
	}
}

type zero struct{}

func (zero) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestRedirect sends no header to another host.
func TestRedirect(t *testing.T) {
	var got http.Header
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		_, _ = io.WriteString(w, "x")
	}))
	defer other.Close()
	f := newFake(t)
	env := f.options.Getenv
	f.options.Getenv = func(name string) string {
		if name == modelsource.MLflowWorkspace {
			return "team"
		}
		return env(name)
	}
	f.ServeMux.Handle(artifacts+"/1/m/x", http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	body, _, err := f.store(t).Open(t.Context(), File{Path: "x", Size: 1}, 0)
	if err != nil {
		t.Fatal(err)
	}
	body.Close()
	if got == nil || got.Get("Authorization") != "" || got.Get(workspaceHeader) != "" {
		t.Errorf("another host got %v", got)
	}
}

// modified is when the file of TestDownload was written.
var modified = time.Unix(1_700_000_000, 0)

// TestServerAddress refuses what is no server, and does not repeat a credential.
func TestServerAddress(t *testing.T) {
	for _, address := range []string{"", "sqlite:///mlflow.db", "./mlruns", "https://me:hunter2@mlflow.example.com", "databricks"} {
		_, err := newServer(address, Options{Getenv: func(string) string { return "" }})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// TestReach says which stores only this machine reaches.
func TestReach(t *testing.T) {
	for server, want := range map[string]bool{
		"http://127.0.0.1:5000": false, "http://localhost": false, "http://[::1]:5000": false, "http://0.0.0.0:5000": false, "http://a.localhost:5": false,
		"http://10.0.0.1:5000": true, "https://mlflow.example.com": true,
	} {
		s, err := Reopen(modelsource.Pin{Source: "models:/m/1", Server: server, Location: "mlflow-artifacts:/1/m"}, Options{Getenv: func(string) string { return "" }})
		if err != nil {
			t.Fatal(err)
		}
		access, err := s.Access(t.Context(), nil)
		if err != nil || (access != nil) != want {
			t.Errorf("%s: %+v, %v", server, access, err)
		}
	}
}

// A directory in what a server names is a name, also if it decodes to a way up.
func TestJoinLocation(t *testing.T) {
	for _, tt := range []struct{ location, dir, want string }{
		{"mlflow-artifacts:/1/m", "a b/c", "mlflow-artifacts:/1/m/a%20b/c"},
		{"mlflow-artifacts:/1/m", "%2e%2e/%2e%2e/x", "mlflow-artifacts:/1/m/%252e%252e/%252e%252e/x"},
		{"/srv/mlruns/m", "%2e%2e", "/srv/mlruns/m/%2e%2e"},
		{"s3://bucket/m/", "100%", "s3://bucket/m/100%"},
	} {
		if got, err := joinLocation(tt.location, tt.dir); err != nil || got != tt.want {
			t.Errorf("%s in %s is %s, %v; want %s", tt.dir, tt.location, got, err, tt.want)
		}
	}
}
