package modelstore

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func privateKey(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// TestGoogleCredentials sends a credential to the store alone, and says what one lacks.
func TestGoogleCredentials(t *testing.T) {
	for name, tt := range map[string]struct {
		token  string // what the store of credentials says, "" if it refuses
		status int
		want   string
	}{
		"good":    {"good", 200, ""},
		"refused": {"", 401, "Google's credential is not accepted (invalid_grant: Bad Request): run gcloud auth application-default login"},
		"other":   {"good", 403, "the credential does not allow it: a model needs storage.objects.list"},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					if tt.token == "" {
						w.WriteHeader(http.StatusBadRequest)
						fmt.Fprint(w, `{"error":"invalid_grant","error_description":"Bad Request"}`)
						return
					}
					w.Header().Set("Content-Type", "application/json")
					fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3600}`, tt.token)
					return
				}
				if got := r.Header.Get("Authorization"); tt.token != "" && got != "Bearer "+tt.token || tt.token == "" && got != "" {
					t.Errorf("Authorization: %q", got)
				}
				w.WriteHeader(tt.status)
				fmt.Fprint(w, `{"items":[{"name":"iris/MLmodel","size":"3","generation":"7"}]}`)
			}))
			defer s.Close()
			file := filepath.Join(t.TempDir(), "key.json")
			text, err := json.Marshal(map[string]string{"type": "service_account", "client_email": "me@example.com", "private_key": privateKey(t), "token_uri": s.URL + "/token"})
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
			b, err := openGCS("bucket", Options{Getenv: func(string) string { return "" }})
			if err != nil {
				t.Fatal(err)
			}
			g := b.(*gcsBucket)
			g.api, g.client.host = s.URL+"/storage/v1/b/bucket/o", strings.TrimPrefix(s.URL, "http://")
			found, _, err := g.page(t.Context(), "iris/", "")
			if tt.want == "" {
				if err != nil || len(found) != 1 || found[0] != (object{key: "iris/MLmodel", size: 3, revision: "7"}) {
					t.Errorf("%+v, %v", found, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}

// TestGoogleRedirect gives no credential to another host.
func TestGoogleRedirect(t *testing.T) {
	asked := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer other.Close()
	s := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer s.Close()
	b, err := openGCS("bucket", Options{Getenv: func(string) string { return s.URL }})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.page(t.Context(), "iris/", ""); err == nil || !strings.Contains(err.Error(), "it redirects") || asked > 0 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}
