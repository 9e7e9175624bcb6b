// Package registryauth finds credentials for registries: those of docker login
// and its credential helpers, else, for registries of AWS, Google Cloud and
// Azure, those of the environment, such as the role of a CI job or a machine. A
// cloud's library makes requests only for that cloud's registries.
package registryauth

import (
	"context"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
	"github.com/awslabs/amazon-ecr-credential-helper/ecr-login/api"
	"github.com/chrismellard/docker-credential-acr-env/pkg/credhelper"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/google"
)

// Keychain returns the credentials of this process. Docker's configuration
// comes first, because the user wrote it for a registry. The authenticator is
// authn.Anonymous for an unknown registry. A private registry of AWS never
// answers without credentials, so failing to get them is an error; registries
// of Google and Azure are then asked anonymously.
func Keychain() authn.Keychain {
	return authn.NewMultiKeychain(authn.DefaultKeychain, cloud(amazon), google.Keychain, cloud(azure))
}

// cloud returns the credentials for a host, nil if the host is not a registry
// of the cloud.
type cloud func(ctx context.Context, host string) (func() (*authn.AuthConfig, error), error)

// Resolve implements authn.Keychain.
func (c cloud) Resolve(r authn.Resource) (authn.Authenticator, error) {
	return c.ResolveContext(context.Background(), r)
}

// ResolveContext implements authn.ContextKeychain. The clouds' libraries ignore
// the end of ctx: for example they wait up to half a minute for a machine's
// metadata service.
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

// amazon handles private registries of AWS. The public one needs no
// credentials.
func amazon(ctx context.Context, host string) (func() (*authn.AuthConfig, error), error) {
	registry, err := api.ExtractRegistry(host)
	if err != nil || registry.Service != api.ServiceECR {
		return nil, nil
	}
	options := []func(*config.LoadOptions) error{config.WithRegion(registry.Region), config.WithLogger(logging.Nop{})}
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

// azureHost is stricter than the library, which would send a token to a foreign
// registry.azurecr.io.example.com.
var azureHost = regexp.MustCompile(`^[a-zA-Z0-9]+(-[a-z0-9]+)?(\.[a-z0-9]+)?\.azurecr\.(io|cn|us)$`)

// azure handles registries of Azure.
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
