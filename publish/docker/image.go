package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/deployfile/deployfile/internal/dockerengine"
	"github.com/deployfile/deployfile/internal/registryauth"
	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/registry"
	engine "github.com/moby/moby/client"
)

// pullEnds is how long an abandoned pull may go on.
const pullEnds = time.Second

// Import implements publish.Importer: it loads an image from an archive, in Docker's
// format or an OCI layout with Docker's manifest.json, and returns the image's ID,
// sha256:…. Delete removes the image again unless it has a name.
func (p *Publisher) Import(ctx context.Context, archive io.Reader) (string, error) {
	loaded, err := dockerengine.Load(ctx, p.host.client, archive)
	if err != nil {
		return "", err
	}
	if loaded == "" {
		return "", errors.New("the answer of Docker's engine does not name the image that it loaded")
	}
	image, err := p.host.client.ImageInspect(ctx, loaded)
	if err != nil {
		return "", fmt.Errorf("load the image into Docker's engine: %w", err)
	}
	return image.ID, nil
}

// unavailableError reports an image that the engine does not have and cannot pull.
type unavailableError struct {
	image string
	cause error
}

func (e *unavailableError) Error() string {
	return fmt.Sprintf("image %s: %v", e.image, e.cause)
}

func (e *unavailableError) Unwrap() error { return e.cause }

// Bring implements containers.Host. An image without a name, or one that it pulled,
// counts as brought.
func (h *host) Bring(ctx context.Context, image string, progress func(string)) (brought bool, err error) {
	_, err = h.client.ImageInspect(ctx, image)
	switch {
	case err == nil:
		return strings.HasPrefix(image, "sha256:"), nil
	case !errdefs.IsNotFound(err):
		return false, fmt.Errorf("image %s: %w", image, err)
	case strings.HasPrefix(image, "sha256:"):
		return false, &unavailableError{image, errors.New("the engine does not have it any more: deploy builds it again")}
	}
	progress("pulling " + image)
	if err := h.pull(ctx, image); err != nil {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		return false, &unavailableError{image, err}
	}
	have, err := h.client.ImageInspect(context.WithoutCancel(ctx), image)
	if err != nil {
		return false, &unavailableError{image, err}
	}
	if ctx.Err() != nil {
		return false, errors.Join(ctx.Err(), h.removeImage(context.WithoutCancel(ctx), have.ID, image))
	}
	return true, nil
}

func (h *host) pull(asked context.Context, image string) error {
	auth, err := credentials(asked, image)
	if err != nil {
		return err
	}
	// A pull that completes leaves less behind than one that is cancelled.
	ctx, cancel := context.WithCancel(context.WithoutCancel(asked))
	defer cancel()
	defer context.AfterFunc(asked, func() { time.AfterFunc(pullEnds, cancel) })()
	r, err := h.client.ImagePull(ctx, image, engine.ImagePullOptions{RegistryAuth: auth})
	if err != nil {
		return err
	}
	return r.Wait(ctx)
}

// credentials returns the credentials of Docker's configuration for an image's
// registry, encoded for the engine, or "".
func credentials(ctx context.Context, image string) (string, error) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", err
	}
	repository, err := name.NewRepository(named.Name())
	if err != nil {
		return "", err
	}
	from, err := authn.Resolve(ctx, registryauth.Keychain(), repository)
	if err != nil {
		return "", fmt.Errorf("credentials for %s: %w", repository.RegistryStr(), err)
	}
	if from == authn.Anonymous {
		return "", nil
	}
	got, err := authn.Authorization(ctx, from)
	if err != nil {
		return "", fmt.Errorf("credentials for %s: %w", repository.RegistryStr(), err)
	}
	return authconfig.Encode(registry.AuthConfig{
		Username: got.Username, Password: got.Password, Auth: got.Auth,
		IdentityToken: got.IdentityToken, RegistryToken: got.RegistryToken,
		ServerAddress: repository.RegistryStr(),
	})
}

// RemoveImage implements containers.Host. It keeps an image that a container uses or
// that has a tag.
func (h *host) RemoveImage(ctx context.Context, image string) error {
	return h.removeImage(ctx, image, image)
}

// removeImage is RemoveImage for an image with that ID, which was pulled by the name
// asked.
func (h *host) removeImage(ctx context.Context, id, asked string) error {
	have, err := h.client.ImageInspect(ctx, id)
	switch {
	case errdefs.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("image %s: %w", id, err)
	case len(have.RepoTags) > 0:
		// Somebody keeps it by a tag, so only the digest by which it was pulled is
		// removed.
		if !strings.Contains(asked, "@") {
			return nil
		}
		id = asked
	}
	_, err = h.client.ImageRemove(ctx, id, engine.ImageRemoveOptions{PruneChildren: true})
	if err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) {
		return fmt.Errorf("remove image %s: %w", id, err)
	}
	return nil
}
