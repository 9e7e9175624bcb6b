package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/internal/registryauth"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// client asks registries, with the credentials of docker login.
type client struct {
	puller *remote.Puller
	pusher *remote.Pusher
}

func newClient() (*client, error) {
	puller, err := remote.NewPuller(options()...)
	if err != nil {
		return nil, err
	}
	pusher, err := remote.NewPusher(options()...)
	return &client{puller: puller, pusher: pusher}, err
}

func options(more ...remote.Option) []remote.Option {
	return append([]remote.Option{
		remote.WithAuthFromKeychain(registryauth.Keychain()),
		remote.WithUserAgent("deployfile"),
		remote.WithTransport(untrusted.Registry(remote.DefaultTransport)),
	}, more...)
}

// parseRepository reads the name of a repository. A registry on this machine's
// loopback is spoken to without TLS, as container engines do.
func parseRepository(text string) (name.Repository, error) {
	repository, err := name.NewRepository(text)
	if err == nil && onLoopback(repository.RegistryStr()) {
		repository, err = name.NewRepository(text, name.Insecure)
	}
	return repository, err
}

// parseReference reads an image's name, with a tag or a digest.
func parseReference(text string) (name.Reference, error) {
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

// image opens an image.
func (c *client) image(ctx context.Context, ref name.Reference) (imageformat.Image, error) {
	d, err := c.puller.Get(ctx, ref)
	if isNotFound(err) {
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

// digest is what a reference points to; ok is false if there is nothing.
func (c *client) digest(ctx context.Context, ref name.Reference) (digest v1.Hash, ok bool, err error) {
	d, err := c.puller.Head(ctx, ref)
	if err == nil {
		return d.Digest, true, nil
	}
	if isNotFound(err) {
		return v1.Hash{}, false, nil
	}
	// What a registry says of a HEAD has no reason in it, and a few do not
	// know it at all.
	got, err := c.puller.Get(ctx, ref)
	if isNotFound(err) {
		return v1.Hash{}, false, nil
	}
	if err != nil {
		return v1.Hash{}, false, err
	}
	return got.Digest, true, nil
}

// status is the HTTP status by which a registry refused, 0 if it did not.
func status(err error) int {
	var refused *transport.Error
	if errors.As(err, &refused) {
		return refused.StatusCode
	}
	return 0
}

func isNotFound(err error) bool { return status(err) == http.StatusNotFound }

// refusesDeletion says whether a registry does not delete what it was asked to:
// at all (405), that way (400), or for this account (403).
func refusesDeletion(err error) bool {
	switch status(err) {
	case http.StatusMethodNotAllowed, http.StatusBadRequest, http.StatusForbidden, http.StatusNotImplemented:
		return true
	}
	return false
}

// NoImageError is an image that is not there.
type NoImageError struct {
	// Image is its reference.
	Image string
}

// Error implements error.
func (e *NoImageError) Error() string {
	return fmt.Sprintf("there is no image %s in the registry", e.Image)
}

// repositoryOf is an image's name without its tag and digest, as it was
// written.
func repositoryOf(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if slash, colon := strings.LastIndex(image, "/"), strings.LastIndex(image, ":"); colon > slash {
		image = image[:colon]
	}
	return image
}
