// Package dockerengine finds the engine of Docker's CLI and loads images into
// it. The engine is the one at DOCKER_HOST, else the one of the context in
// DOCKER_CONTEXT, else of the context chosen with `docker context use`, else
// the one at Docker's default address.
package dockerengine

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/containerd/errdefs"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/connhelper"
	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
	"github.com/moby/moby/client"
)

// defaultContext stands for the environment and Docker's default address.
const defaultContext = "default"

// contextVariable overrides `docker context use`.
const contextVariable = "DOCKER_CONTEXT"

// New creates a client of the engine without calling it, and returns the
// engine's address: unix://, npipe://, tcp://, http:// or ssh://. It fails if
// the configuration of Docker's CLI cannot be read, or if the chosen context
// does not exist. The client decodes no answer beyond limits.
func New() (c *client.Client, address string, err error) {
	if c, address, err = Unlimited(); err != nil {
		return nil, "", err
	}
	c, err = limited(c)
	return c, address, err
}

// Unlimited is New without limits, for requests that the engine turns into connections.
func Unlimited() (c *client.Client, address string, err error) {
	name, stored, err := currentContext()
	if err != nil {
		return nil, "", err
	}
	if name == defaultContext {
		return fromEnvironment()
	}
	endpoint, err := stored.endpoint(name)
	if err != nil {
		return nil, "", fmt.Errorf("docker context %q: %w", name, err)
	}
	options, err := endpoint.ClientOpts()
	if err != nil {
		return nil, "", fmt.Errorf("docker context %q: %w", name, err)
	}
	if c, err = client.New(options...); err != nil {
		return nil, "", fmt.Errorf("docker context %q: %w", name, err)
	}
	return c, cmp.Or(endpoint.Host, c.DaemonHost()), nil
}

// Chosen returns the environment variable that names the engine, DOCKER_HOST or
// DOCKER_CONTEXT, or "" if neither does.
func Chosen() string {
	for _, name := range []string{client.EnvOverrideHost, contextVariable} {
		if os.Getenv(name) != "" {
			return name
		}
	}
	return ""
}

// fromEnvironment creates a client from DOCKER_HOST, DOCKER_CERT_PATH and
// DOCKER_TLS_VERIFY. Docker's own client does not support ssh:// by itself.
func fromEnvironment() (*client.Client, string, error) {
	options := []client.Opt{client.FromEnv}
	host := os.Getenv(client.EnvOverrideHost)
	helper, err := connhelper.GetConnectionHelper(host)
	if err != nil {
		return nil, "", err
	}
	if helper != nil {
		options = []client.Opt{client.WithHost(helper.Host), client.WithDialContext(helper.Dialer)}
	}
	c, err := client.New(options...)
	if err != nil {
		return nil, "", err
	}
	return c, cmp.Or(host, c.DaemonHost()), nil
}

// contexts has the contexts that `docker context create` stored.
type contexts struct{ directory string }

// currentContext returns the name of the context by the rules of Docker's CLI,
// https://docs.docker.com/engine/manage-resources/contexts/, and the store of
// contexts. It reads DOCKER_CONFIG at each call.
func currentContext() (string, contexts, error) {
	directory := cmp.Or(os.Getenv("DOCKER_CONFIG"), config.Dir())
	stored := contexts{filepath.Join(directory, "contexts")}
	if os.Getenv(client.EnvOverrideHost) != "" {
		return defaultContext, stored, nil
	}
	if name := os.Getenv(contextVariable); name != "" {
		return name, stored, nil
	}
	file, err := config.Load(directory)
	if err != nil {
		return "", stored, err
	}
	return cmp.Or(file.CurrentContext, defaultContext), stored, nil
}

func (c contexts) endpoint(name string) (docker.Endpoint, error) {
	s := store.New(c.directory, store.NewConfig(
		func() any { return new(map[string]any) },
		store.EndpointTypeGetter(docker.DockerEndpoint, func() any { return new(docker.EndpointMeta) })))
	if err := store.ValidateContextName(name); err != nil {
		return docker.Endpoint{}, err
	}
	metadata, err := s.GetMetadata(name)
	if errdefs.IsNotFound(err) {
		return docker.Endpoint{}, errors.New("no such context: docker context ls lists those that exist")
	}
	if err != nil {
		return docker.Endpoint{}, err
	}
	found, err := docker.EndpointFromContext(metadata)
	if err != nil {
		return docker.Endpoint{}, err
	}
	return docker.WithTLSData(s, name, found)
}
