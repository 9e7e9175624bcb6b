package modelstore

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/modelcache"
	"github.com/deployfile/deployfile/modelsource"
)

// A credential goes to the server that the user names, and to none that a Deployfile, a
// lock or a server names.
func TestCredentialsOfAnotherServer(t *testing.T) {
	f := newFake(t)
	f.ServeMux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "" {
			t.Errorf("%s got %q", r.URL, got)
		}
		w.WriteHeader(http.StatusUnauthorized)
	})
	for _, named := range []string{"", "https://mlflow.example.com", "http://127.0.0.1:1", strings.Replace(f.URL, "http:", "https:", 1)} {
		o := f.options
		o.Getenv = func(name string) string {
			return map[string]string{modelsource.MLflowToken: "s3cr3t", trackingVariable: named}[name]
		}
		_, err := Resolve(t.Context(), "models:/iris/3", o)
		if err == nil || !strings.Contains(err.Error(), "if you trust it, set MLFLOW_TRACKING_URI="+f.URL) {
			t.Errorf("MLFLOW_TRACKING_URI=%q: %v", named, err)
		}
	}
	token := func(name string) string {
		return map[string]string{modelsource.MLflowToken: "s3cr3t", trackingVariable: "https://mlflow.example.com"}[name]
	}
	for location, want := range map[string]string{"mlflow-artifacts:/1/m": "Bearer s3cr3t", "mlflow-artifacts://other.example.com/1/m": ""} {
		pin := modelsource.Pin{Source: "models:/m/1", Server: "https://mlflow.example.com", Location: location}
		s, err := Reopen(pin, Options{Getenv: token})
		if err != nil {
			t.Fatal(err)
		}
		access, err := s.Access(t.Context(), nil)
		if err != nil || access.Headers["Authorization"] != want {
			t.Errorf("%s: the steps get %+v, %v", location, access, err)
		}
		given, err := (modelsource.MLflow{}).Access(pin)
		if err != nil || (len(given.Secrets) > 0) != (want != "") {
			t.Errorf("%s: the steps get the secrets %q, %v", location, given.Secrets, err)
		}
	}
}

// A server that the user does not name reads no directory of this machine, and no bucket.
func TestDirectoryOfAServer(t *testing.T) {
	for _, tt := range []struct {
		server, named string
		reads         bool
	}{
		{"http://127.0.0.1:5000", "", true},
		{"https://mlflow.example.com", "https://mlflow.example.com/", true},
		{"https://mlflow.example.com", "", false},
		{"https://mlflow.example.com", "https://mlflow.example.com:8443", false},
	} {
		for _, location := range []string{"/srv/mlruns/1/m", "file:///srv/mlruns/1/m", "s3://bucket/1/m"} {
			s, err := newServer(tt.server, Options{Getenv: func(name string) string { return map[string]string{trackingVariable: tt.named}[name] }})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.open(location); (err == nil) != tt.reads {
				t.Errorf("%+v, %s: %v", tt, location, err)
			}
		}
	}
}

// A lock names a directory of this machine only if the server does, too. No error says what
// is in another one.
func TestDirectoryOfALock(t *testing.T) {
	const text = "password"
	private, model := t.TempDir(), t.TempDir()
	for _, dir := range []string{private, model} {
		if err := os.WriteFile(filepath.Join(dir, "MLmodel"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := newFake(t)
	f.answers("/api/2.0/mlflow/model-versions/get", 200, map[string]any{"model_version": map[string]any{"name": "iris", "version": "3"}})
	f.answers("/api/2.0/mlflow/model-versions/get-download-uri", 200, map[string]any{"artifact_uri": model})
	cache, closed, err := modelcache.Open(t.TempDir(), modelcache.DefaultLimit)
	if err != nil {
		t.Fatal(err)
	}
	defer closed()
	sum := sha256.Sum256([]byte(text))
	right, wrong := hex.EncodeToString(sum[:]), strings.Repeat("0", 64)
	for _, tt := range []struct{ location, resolved, sum, want string }{
		{private, "models:/iris/3", wrong, f.Listener.Addr().String() + " that it is at " + model},
		{"file://" + private, "models:/iris/3", right, "that it is at"},
		{private, "models:/other/1", right, "that it is at"},
		{private, "hf://acme/iris", right, "a directory of this machine"},
		{model, "models:/iris/3", right, ""},
	} {
		for _, named := range []string{f.URL, ""} {
			o := Options{Getenv: func(name string) string { return map[string]string{trackingVariable: named}[name] }}
			s, err := Reopen(modelsource.Pin{Source: "models:/iris@champion", Resolved: tt.resolved, Server: f.URL, Location: tt.location}, o)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Download(t.Context(), cache, s, tt.location, []File{{Path: "MLmodel", Size: int64(len(text)), SHA256: tt.sum}})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), right)) {
				t.Errorf("%+v: %v", tt, err)
			}
			if _, err := s.List(t.Context()); (err == nil) != (tt.want == "") {
				t.Errorf("%+v: its list: %v", tt, err)
			}
		}
	}
}

// What is not followed is not tried again.
func TestMetadataOfACloud(t *testing.T) {
	f := newFake(t)
	asked := 0
	f.ServeMux.HandleFunc("GET "+artifacts, func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
	})
	_, err := f.store(t).List(t.Context())
	if err == nil || !strings.Contains(err.Error(), "metadata: it is not followed") || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

// Directories without end are as little followed as files.
func TestEndlessDirectories(t *testing.T) {
	var asked int
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write([]byte(`{"files":[{"path":"a","is_dir":true},{"path":"b","is_dir":true}]}`))
	}))
	defer s.Close()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newClient(u, nil, nil, advice{})
	if err != nil {
		t.Fatal(err)
	}
	p := &proxied{client: c, files: s.URL + artifacts + "/m"}
	if _, err := p.listUpTo(t.Context(), s.URL+artifacts, "m", 100); err == nil || asked > 100 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}
