package build

import (
	"cmp"
	"context"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/registryauth"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	buildctl "github.com/moby/buildkit/cmd/buildctl/build"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/moby/buildkit/session/sshforward/sshprovider"
)

// attachables returns what the builder may request from this process.
func attachables(o Options) ([]session.Attachable, error) {
	docker := config.LoadDefaultConfigFile(io.Discard)
	out := []session.Attachable{authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
		AuthConfigProvider: credentials(authprovider.LoadAuthConfig(docker)),
	})}
	if err := checkGitSecrets(o.Secrets); err != nil {
		return nil, &UsageError{Option: "secret", Err: err}
	}
	if err := checkSecretVariables(o.Secrets); err != nil {
		return nil, &UsageError{Option: "secret", Err: err}
	}
	secrets, err := buildctl.ParseSecret(withCA(o.Secrets, cmp.Or(o.CA, CASecret)))
	if err != nil {
		return nil, &UsageError{Option: "secret", Err: err}
	}
	out = append(out, secrets)
	if len(o.SSH) > 0 {
		agents, err := buildctl.ParseSSH(o.SSH)
		if err != nil {
			return nil, &UsageError{Option: "ssh", Err: err}
		}
		agent, err := sshprovider.NewSSHAgentProvider(agents)
		if err != nil {
			return nil, &UsageError{Option: "ssh", Err: err}
		}
		out = append(out, agent)
	}
	return out, nil
}

// credentials returns those of docker login, and for other registries those of
// package registryauth.
func credentials(login authprovider.AuthConfigProvider) authprovider.AuthConfigProvider {
	keychain := registryauth.Keychain()
	return func(ctx context.Context, host string, scopes []string, expired authprovider.ExpireCachedAuthCheck) (types.AuthConfig, error) {
		found, err := login(ctx, host, scopes, expired)
		stored := types.AuthConfig{ServerAddress: found.ServerAddress}
		if err != nil || found != stored || host == authprovider.DockerHubRegistryHost {
			return found, err
		}
		registry, err := name.NewRegistry(host)
		if err != nil {
			return found, nil
		}
		auth, err := authn.Resolve(ctx, keychain, registry)
		if err != nil {
			return found, err
		}
		got, err := authn.Authorization(ctx, auth)
		if err != nil {
			return found, err
		}
		return types.AuthConfig{
			Username: got.Username, Password: got.Password, Auth: got.Auth, IdentityToken: got.IdentityToken,
			RegistryToken: got.RegistryToken, ServerAddress: host,
		}, nil
	}
}

// withCA passes the certificates of SSL_CERT_FILE to the steps that fetch,
// unless the caller passes others.
func withCA(secrets []string, id string) []string {
	file := os.Getenv("SSL_CERT_FILE")
	if _, err := os.Stat(file); err != nil {
		return secrets
	}
	for _, s := range secrets {
		if slices.Contains(strings.Split(s, ","), "id="+id) {
			return secrets
		}
	}
	return append([]string{"id=" + id + ",src=" + file}, secrets...)
}

// CASecret is the default id of the secret with certificate authorities.
const CASecret = "ca"
