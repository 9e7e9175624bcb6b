package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/deployfile/deployfile/internal/registryauth"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/containerd/containerd/v2/core/images"
)

// registry is a repository of a registry.
type registry struct {
	repository name.Repository
	puller     *remote.Puller
}

func (r *registry) open(ctx context.Context, d ocispecs.Descriptor) (io.ReadCloser, error) {
	ref := r.repository.Digest(d.Digest.String())
	if images.IsIndexType(d.MediaType) || images.IsManifestType(d.MediaType) {
		got, err := r.puller.Get(ctx, ref)
		if err != nil {
			return nil, err
		}
		return io.NopCloser(bytes.NewReader(got.Manifest)), nil
	}
	layer, err := r.puller.Layer(ctx, ref)
	if err != nil {
		return nil, err
	}
	return layer.Compressed()
}

func (r *registry) Close() error { return nil }

func openRegistry(ctx context.Context, called, text string) (*Image, error) {
	ref, err := name.ParseReference(text)
	if err != nil {
		return nil, &NotFoundError{Name: called, Err: err}
	}
	puller, err := remote.NewPuller(
		remote.WithAuthFromKeychain(registryauth.Keychain()),
		remote.WithTransport(untrusted.Registry(remote.DefaultTransport)),
	)
	if err != nil {
		return nil, err
	}
	got, err := puller.Get(ctx, ref)
	var refused *transport.Error
	if errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound {
		return nil, &NotFoundError{Name: called, Err: err}
	}
	if err != nil {
		return nil, fmt.Errorf("image %s: %w%s", called, err, hintOf(ref, text))
	}
	root := ocispecs.Descriptor{MediaType: string(got.MediaType), Digest: digest.Digest(got.Digest.String()), Size: got.Size}
	return load(ctx, called, root, &registry{repository: ref.Context(), puller: puller})
}

// hintOf explains why Docker Hub was asked, if the name of an image says no registry.
func hintOf(ref name.Reference, text string) string {
	if ref.Context().RegistryStr() != name.DefaultRegistry || strings.Contains(text, "docker.io/") {
		return ""
	}
	return "\nhint: a name without a registry is looked up at Docker Hub; give registry.example.com/NAME, or the path of an OCI layout or archive"
}
