//go:build integration

package registrytarget

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCredentials uses those of docker login, and says none of them.
func TestCredentials(t *testing.T) {
	r := registryOf(t)
	guarded := front(t, r, func(w http.ResponseWriter, q *http.Request) bool {
		if user, password, _ := q.BasicAuth(); user != "ada" || password != "open-sesame" {
			w.Header().Set("WWW-Authenticate", `Basic realm="models"`)
			refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
			return false
		}
		return true
	})
	source := push(t, r.Host+"/iris", image(t, "amd64", "credentials"))
	login := func(password string) {
		dir := t.TempDir()
		t.Setenv("DOCKER_CONFIG", dir)
		auth := base64.StdEncoding.EncodeToString([]byte("ada:" + password))
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"auths":{"`+guarded+`":{"auth":"`+auth+`"}}}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	login("open-sesame")
	e := open(t, guarded+"/models", "", "stable")
	e.deploy(t, source)
	if digest(t, r.Host+"/models:stable") != digestIn(source) {
		t.Error("the image is not there")
	}
	login("wrong-password")
	_, err := open(t, guarded+"/models", "", "stable").Status(t.Context())
	if err == nil || !strings.Contains(err.Error(), "authentication required") || strings.Contains(err.Error(), "wrong-password") {
		t.Errorf("with a wrong password: %v", err)
	}
	if _, err := copied(t, source, guarded+"/models", "", nil); err == nil || strings.Contains(err.Error(), "wrong-password") {
		t.Errorf("a copy with a wrong password: %v", err)
	}
}
