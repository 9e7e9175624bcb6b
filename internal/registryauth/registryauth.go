// Package registryauth finds credentials for registries: those of docker login and
// its credential helpers and, for the registries of AWS, Google Cloud and Azure that
// have none there, what the environment offers for that cloud, such as the role of a
// CI job or a machine. Only a registry of a cloud makes that cloud's library ask
// anybody.
package registryauth

import (
	"context"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/awslabs/amazon-ecr-credential-helper/ecr-login/api"
	"github.com/chrismellard/docker-credential-acr-env/pkg/credhelper"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/google"
)

// Keychain returns the credentials of this process. Docker's configuration comes
// first, because it is what somebody has said about a registry. Its authenticator is
// authn.Anonymous for a registry that none of them knows. A private registry of AWS
// answers nobody without credentials, so failing to get them is an error there; one
// of Google or Azure is then asked anonymously.
func Keychain() authn.Keychain {
	return authn.NewMultiKeychain(authn.DefaultKeychain, cloud(amazon), google.Keychain, cloud(azure))
}

// cloud asks for a host's credentials, nil if the host is no registry of that cloud.
type cloud func(ctx context.Context, host string) (func() (*authn.AuthConfig, error), error)

// Resolve implements authn.Keychain.
func (c cloud) Resolve(r authn.Resource) (authn.Authenticator, error) {
	return c.ResolveContext(context.Background(), r)
}

// ResolveContext implements authn.ContextKeychain. The clouds' libraries do not
// stop when ctx ends: they wait for a machine's metadata service, say, for up to
// half a minute.
func (c cloud) ResolveContext(ctx context.Context, r authn.Resource) (authn.Authenticator, error) {
	ask, err := c(ctx, r.RegistryStr())
	if ask == nil || err != nil {
		return authn.Anonymous, err
	}
	type answer struct {
		auth *authn.AuthConfig
		err  error
	}
	answered := make(chan answer, 1)
	go func() {
		auth, err := ask()
		answered <- answer{auth, err}
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case a := <-answered:
		if a.err != nil {
			return nil, a.err
		}
		if a.auth == nil {
			return authn.Anonymous, nil
		}
		return authn.FromConfig(*a.auth), nil
	}
}

// amazon has the private registries of AWS. The public one needs no credentials.
func amazon(ctx context.Context, host string) (func() (*authn.AuthConfig, error), error) {
	registry, err := api.ExtractRegistry(host)
	if err != nil || registry.Service != api.ServiceECR {
		return nil, nil
	}
	options := []func(*config.LoadOptions) error{config.WithRegion(registry.Region)}
	if registry.FIPS {
		options = append(options, config.WithUseFIPSEndpoint(aws.FIPSEndpointStateEnabled))
	}
	configuration, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("configuration of AWS: %w", err)
	}
	return func() (*authn.AuthConfig, error) {
		got, err := api.DefaultClientFactory{}.NewClient(configuration).GetCredentials(host)
		if err != nil {
			return nil, fmt.Errorf("credentials of AWS: %w", err)
		}
		return &authn.AuthConfig{Username: got.Username, Password: got.Password}, nil
	}, nil
}

// azureHost is stricter than the library, which would send a token to a stranger's
// registry.azurecr.io.example.com.
var azureHost = regexp.MustCompile(`^[a-zA-Z0-9]+(-[a-z0-9]+)?(\.[a-z0-9]+)?\.azurecr\.(io|cn|us)$`)

// azure has the registries of Azure.
func azure(_ context.Context, host string) (func() (*authn.AuthConfig, error), error) {
	if !azureHost.MatchString(host) {
		return nil, nil
	}
	return func() (*authn.AuthConfig, error) {
		name, token, err := credhelper.NewACRCredentialsHelper().Get(host)
		if err != nil {
			return nil, nil
		}
		return &authn.AuthConfig{Username: name, IdentityToken: token}, nil
	}, nil
}
