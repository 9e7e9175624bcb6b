//go:build integration

package modelsource

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSecured reaches a server behind a proxy with a private certificate that demands a
// password, as MLflow's documentation puts one before it.
func TestSecured(t *testing.T) {
	s := startServer(t, nil, "--artifacts-destination", t.TempDir())
	s.logModel(t, nil)
	to, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	front := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "me" || password != "s3cr3t" {
			http.Error(w, "<html>who are you?</html>", http.StatusUnauthorized)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	good := map[string]string{"MLFLOW_TRACKING_USERNAME": "me", "MLFLOW_TRACKING_PASSWORD": "s3cr3t", "MLFLOW_TRACKING_SERVER_CERT_PATH": authority}
	s.URL = front.URL
	s.compare(t, good)
	for name, tt := range map[string]struct {
		change map[string]string
		want   string
	}{
		"no password":    {map[string]string{"MLFLOW_TRACKING_PASSWORD": ""}, "401 Unauthorized; set MLFLOW_TRACKING_USERNAME"},
		"wrong password": {map[string]string{"MLFLOW_TRACKING_PASSWORD": "hunter2"}, "401 Unauthorized; set MLFLOW_TRACKING_USERNAME"},
		"no authority":   {map[string]string{"MLFLOW_TRACKING_SERVER_CERT_PATH": ""}, "name its authority by MLFLOW_TRACKING_SERVER_CERT_PATH"},
	} {
		env := map[string]string{}
		for k, v := range good {
			env[k] = v
		}
		for k, v := range tt.change {
			env[k] = v
		}
		_, _, err := files(t, "models:/my model/1", options(t, s.URL, env))
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
		fails(t, "models:/my model/1", with(env, "MLFLOW_TRACKING_URI", s.URL), tt.want)
	}
}
