//go:build integration

package engine

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/publish"
)

// TestCredentials pulls from a registry that asks for a password, which is in
// Docker's configuration.
func TestCredentials(t *testing.T) {
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(&url.URL{Scheme: "http", Host: shared.registry.Host})
		p.Out.Host = p.In.Host
	}}
	const password = "Zuckerwatte"
	guarded := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, got, _ := r.BasicAuth(); got != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="models"`)
			http.Error(w, "no credential, or a wrong one", http.StatusUnauthorized)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer guarded.Close()
	host := strings.TrimPrefix(guarded.URL, "http://")
	folder := t.TempDir()
	t.Setenv("DOCKER_CONFIG", folder)
	login := func(password string) {
		t.Helper()
		text, err := json.Marshal(map[string]any{"auths": map[string]any{host: map[string]any{"username": "me", "password": password}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "config.json"), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	onePerEngine(t, func(t *testing.T, p place) {
		e := p.endpoint(t)
		image := strings.Replace(shared.images.push(t, "1", ""), shared.registry.Host, host, 1)
		login("Lakritze")
		_, err := e.try(t.Context(), options(t), image)
		var notReady *publish.NotReadyError
		if !errors.As(err, &notReady) || strings.Contains(err.Error(), "Lakritze") {
			t.Errorf("with a wrong password: %v", err)
		}
		t.Log(err)
		login(password)
		e.deploy(t, image, "1")
	})
}
