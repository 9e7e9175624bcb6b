// Package registryclient asks registries, within limits: what tags name, copies
// of images, and what refers to them.
package registryclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/internal/registryauth"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Client asks registries, with the credentials of docker login.
type Client struct {
	Puller *remote.Puller
	Pusher *remote.Pusher
}

// New sends nothing yet.
func New() (*Client, error) {
	puller, err := remote.NewPuller(options()...)
	if err != nil {
		return nil, err
	}
	pusher, err := remote.NewPusher(options()...)
	return &Client{Puller: puller, Pusher: pusher}, err
}

func options(more ...remote.Option) []remote.Option {
	return append([]remote.Option{
		remote.WithAuthFromKeychain(registryauth.Keychain()),
		remote.WithUserAgent("deployfile"),
		remote.WithTransport(untrusted.Registry(anywhere())),
	}, more...)
}

// ParseRepository parses the name of a repository. A registry on this machine's
// loopback is asked without TLS, as container engines do.
func ParseRepository(text string) (name.Repository, error) {
	repository, err := name.NewRepository(text)
	if err == nil && onLoopback(repository.RegistryStr()) {
		repository, err = name.NewRepository(text, name.Insecure)
	}
	return repository, err
}

// ParseReference parses an image's name, with a tag or a digest.
func ParseReference(text string) (name.Reference, error) {
	ref, err := name.ParseReference(text)
	if err == nil && onLoopback(ref.Context().RegistryStr()) {
		ref, err = name.ParseReference(text, name.Insecure)
	}
	return ref, err
}

func onLoopback(registry string) bool {
	host, _, err := net.SplitHostPort(registry)
	if err != nil {
		host = registry
	}
	return net.ParseIP(host).IsLoopback()
}

// Image opens an image or an index. The error is a *NoImageError if there is
// nothing of that name.
func (c *Client) Image(ctx context.Context, ref name.Reference) (imageformat.Image, error) {
	d, err := c.Puller.Get(ctx, ref)
	if IsNotFound(err) {
		return nil, &NoImageError{Image: ref.String()}
	}
	if err != nil {
		return nil, err
	}
	switch {
	case d.MediaType.IsIndex():
		return d.ImageIndex()
	case d.MediaType.IsImage():
		return d.Image()
	}
	return nil, fmt.Errorf("%s has the media type %q, which is not an image", ref, d.MediaType)
}

// Digest returns what a reference names; ok is false if it names nothing.
func (c *Client) Digest(ctx context.Context, ref name.Reference) (digest v1.Hash, ok bool, err error) {
	d, err := c.Puller.Head(ctx, ref)
	if err == nil {
		return d.Digest, true, nil
	}
	if IsNotFound(err) {
		return v1.Hash{}, false, nil
	}
	// The answer to a HEAD gives no reason, and a few registries do not know it.
	got, err := c.Puller.Get(ctx, ref)
	if IsNotFound(err) {
		return v1.Hash{}, false, nil
	}
	if err != nil {
		return v1.Hash{}, false, err
	}
	return got.Digest, true, nil
}

// Status returns the HTTP status of a registry's error, 0 for another error.
func Status(err error) int {
	var refused *transport.Error
	if errors.As(err, &refused) {
		return refused.StatusCode
	}
	return 0
}

// IsNotFound reports whether a registry answered that it does not have what it was
// asked for.
func IsNotFound(err error) bool { return Status(err) == http.StatusNotFound }

// RefusesDeletion reports whether a registry does not delete what it was asked to:
// at all (405), that way (400), or for this account (403).
func RefusesDeletion(err error) bool {
	switch Status(err) {
	case http.StatusMethodNotAllowed, http.StatusBadRequest, http.StatusForbidden, http.StatusNotImplemented:
		return true
	}
	return false
}

// NoImageError is an image that is not in its registry.
type NoImageError struct {
	// Image is its reference.
	Image string
}

// Error names the image.
func (e *NoImageError) Error() string {
	return fmt.Sprintf("there is no image %s in the registry", e.Image)
}
