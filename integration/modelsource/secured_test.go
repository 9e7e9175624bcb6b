//go:build integration

package modelsource

import (
	"encoding/pem"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// authConfig is what MLflow's application that asks for a password reads:
// https://mlflow.org/docs/latest/self-hosting/security/basic-http-auth/.
const authConfig = `[mlflow]
default_permission = NO_PERMISSIONS
database_uri = sqlite:///auth.db
admin_username = admin
admin_password = s3cr3t-of-the-admin
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
`

// TestSecured reaches a server with MLflow's own passwords behind a proxy with a private
// certificate.
func TestSecured(t *testing.T) {
	config := filepath.Join(t.TempDir(), "auth.ini")
	if err := os.WriteFile(config, []byte(authConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, map[string]string{"MLFLOW_AUTH_CONFIG_PATH": config, "MLFLOW_FLASK_SERVER_SECRET_KEY": "of the tests"},
		"--app-name", "basic-auth", "--artifacts-destination", t.TempDir())
	login := map[string]string{"MLFLOW_TRACKING_USERNAME": "admin", "MLFLOW_TRACKING_PASSWORD": "s3cr3t-of-the-admin"}
	s.logModel(t, login)
	to, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	front := httptest.NewTLSServer(proxy)
	t.Cleanup(front.Close)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	good := with(login, "MLFLOW_TRACKING_SERVER_CERT_PATH", authority)
	s.URL = front.URL
	s.compare(t, good)
	for name, tt := range map[string]struct {
		change map[string]string
		want   string
	}{
		"no password":    {map[string]string{"MLFLOW_TRACKING_PASSWORD": ""}, "401 Unauthorized: You are not authenticated"},
		"wrong password": {map[string]string{"MLFLOW_TRACKING_PASSWORD": "hunter2"}, "401 Unauthorized: You are not authenticated"},
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
