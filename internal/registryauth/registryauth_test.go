package registryauth

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

const ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

// clouds is an environment with credentials of all clouds, whose services are all at
// one address, and a gcloud that asks there, too.
func clouds(t *testing.T, service http.HandlerFunc) {
	t.Helper()
	s := httptest.NewServer(service)
	t.Cleanup(s.Close)
	home := t.TempDir()
	write := func(file, text string, mode os.FileMode) string {
		path := filepath.Join(home, file)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for k, v := range map[string]string{
		"HOME": home, "DOCKER_CONFIG": home, "REGISTRY_AUTH_FILE": "", "XDG_RUNTIME_DIR": "",
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL": s.URL, "AWS_MAX_ATTEMPTS": "1",
		"AWS_CONFIG_FILE": filepath.Join(home, "none"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(home, "none"),
		"AZURE_CLIENT_ID": "id", "AZURE_CLIENT_SECRET": "secret", "AZURE_TENANT_ID": "tenant", "AZURE_ENVIRONMENT": "AZURESTACKCLOUD",
		"AZURE_ENVIRONMENT_FILEPATH": write("azure.json", fmt.Sprintf(`{"activeDirectoryEndpoint": "%s/", "resourceManagerEndpoint": "%[1]s/"}`, s.URL), 0o600),
		"GCE_METADATA_HOST":          strings.TrimPrefix(s.URL, "http://"), "GOOGLE_APPLICATION_CREDENTIALS": "",
		"PATH": home,
	} {
		t.Setenv(k, v)
	}
	write("gcloud", "#!/bin/sh\nexec /usr/bin/false\n", 0o700)
}

func resolve(t *testing.T, host string) (*authn.AuthConfig, error) {
	t.Helper()
	registry, err := name.NewRegistry(host)
	if err != nil {
		t.Fatal(err)
	}
	auth, err := authn.Resolve(t.Context(), Keychain(), registry)
	if err != nil {
		return nil, err
	}
	return authn.Authorization(t.Context(), auth)
}

func TestOtherHostsAreAskedNothing(t *testing.T) {
	var asked atomic.Int32
	clouds(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	for _, host := range []string{
		"index.docker.io", "ghcr.io", "quay.io", "localhost:5000", "127.0.0.1:5000", "registry.example.com",
		"public.ecr.aws", "mcr.microsoft.com",
		// Registries whose names look like those of a cloud.
		ecr + ".example.com", "x" + ecr, "dkr.ecr.eu-west-1.amazonaws.com",
		"team.azurecr.io.example.com", "azurecr.io", "teamazurecr.io", "example.com.azurecr.io.example.com",
		"gcr.io.example.com",
	} {
		if got, err := resolve(t, host); err != nil || *got != (authn.AuthConfig{}) {
			t.Errorf("%s: %+v, %v", host, got, err)
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("%d requests for registries of no cloud", n)
	}
}

func TestAmazon(t *testing.T) {
	status := http.StatusForbidden
	clouds(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetAuthorizationToken") || !strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/ecr/") {
			t.Errorf("%s %s: %v", r.Method, r.URL, r.Header)
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"authorizationData": []any{map[string]any{
			"authorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:password")), "proxyEndpoint": "https://" + ecr, "expiresAt": 1,
		}}})
	})
	if got, err := resolve(t, ecr); err == nil || !strings.Contains(err.Error(), "credentials of AWS: ") || !strings.Contains(err.Error(), "403") {
		t.Errorf("refused: %+v, %v", got, err)
	}
	status = http.StatusOK
	if got, err := resolve(t, ecr); err != nil || got.Username != "AWS" || got.Password != "password" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAzure(t *testing.T) {
	var asked atomic.Int32
	clouds(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if !strings.HasPrefix(r.URL.Path, "/tenant/") {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		w.WriteHeader(http.StatusUnauthorized)
	})
	if got, err := resolve(t, "team.azurecr.io"); err != nil || *got != (authn.AuthConfig{}) {
		t.Errorf("refused: %+v, %v", got, err)
	}
	if asked.Load() == 0 {
		t.Error("Azure is not asked for its registry's credentials")
	}
	for host, want := range map[string]bool{
		"team.azurecr.io": true, "team.azurecr.cn": true, "team.azurecr.us": true, "team.westeurope.data.azurecr.io": false, "team-a1b2.azurecr.io": true,
		"team.azurecr.io:443": false, "azurecr.io": false, "a/b.azurecr.io": false,
	} {
		if azureHost.MatchString(host) != want {
			t.Errorf("%s: %t", host, !want)
		}
	}
}

// TestLoginComesFirst says more about a registry than the environment does.
func TestLoginComesFirst(t *testing.T) {
	clouds(t, func(w http.ResponseWriter, r *http.Request) { t.Errorf("%s %s", r.Method, r.URL) })
	login := base64.StdEncoding.EncodeToString([]byte("me:mine"))
	configuration := fmt.Sprintf(`{"auths": {%q: {"auth": %q}, "team.azurecr.io": {"auth": %[2]q}, "gcr.io": {"auth": %[2]q}}}`, ecr, login)
	if err := os.WriteFile(filepath.Join(os.Getenv("DOCKER_CONFIG"), "config.json"), []byte(configuration), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{ecr, "team.azurecr.io", "gcr.io"} {
		if got, err := resolve(t, host); err != nil || got.Username != "me" || got.Password != "mine" {
			t.Errorf("%s: %+v, %v", host, got, err)
		}
	}
}
