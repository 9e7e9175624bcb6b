package build

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/docker/cli/cli/config/types"
	"github.com/moby/buildkit/session/auth/authprovider"
)

// TestCredentials returns BuildKit the login that there is, and for a registry
// without one what the environment has for its cloud.
func TestCredentials(t *testing.T) {
	const cloud = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"authorizationData": [{"authorizationToken": %q, "proxyEndpoint": "https://%s"}]}`, base64.StdEncoding.EncodeToString([]byte("AWS:password")), cloud)
	}))
	defer aws.Close()
	for k, v := range map[string]string{"HOME": t.TempDir(), "DOCKER_CONFIG": t.TempDir(), "AWS_ENDPOINT_URL": aws.URL, "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ECR_DISABLE_CACHE": "1"} {
		t.Setenv(k, v)
	}
	get := credentials(func(_ context.Context, host string, _ []string, _ authprovider.ExpireCachedAuthCheck) (types.AuthConfig, error) {
		out := types.AuthConfig{ServerAddress: host}
		if host == "registry.example.com" {
			out.Username, out.Password = "me", "mine"
		}
		return out, nil
	})
	for host, want := range map[string]types.AuthConfig{
		"registry.example.com":             {Username: "me", Password: "mine"},
		"another.example.com":              {},
		authprovider.DockerHubRegistryHost: {},
		cloud:                              {Username: "AWS", Password: "password"},
	} {
		want.ServerAddress = host
		if got, err := get(t.Context(), host, nil, nil); err != nil || got != want {
			t.Errorf("%s: %+v, %v", host, got, err)
		}
	}
}
