package containerd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	client "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/containerd/v2/core/remotes/docker/config"
	"github.com/containerd/errdefs"
	"github.com/deployfile/deployfile/internal/registryauth"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/opencontainers/go-digest"
)

const (
	// imported is the prefix of the names of images that come from no registry; RFC 2606
	// reserves its domain.
	imported = "deployfile.invalid/"
	// hostsDir is where containerd's users configure registries.
	hostsDir = "/etc/containerd/certs.d"
)

// Import implements publish.Importer: it loads an image from an archive, an OCI layout
// or Docker's format, and returns its name, which contains its digest. Delete removes
// it again.
func (p *Publisher) Import(ctx context.Context, archive io.Reader) (string, error) {
	ctx = p.host.in(ctx)
	fail := func(err error) (string, error) {
		return "", fmt.Errorf("import the image into containerd: %w", err)
	}
	got, err := p.host.client.Import(ctx, archive, client.WithDigestRef(func(d digest.Digest) string {
		return imported + p.host.endpoint + "@" + d.String()
	}))
	if err != nil {
		return fail(err)
	}
	var ours []images.Image
	for _, image := range got {
		if strings.HasPrefix(image.Name, imported) {
			ours = append(ours, image)
			continue
		}
		// A name from the archive would stay behind.
		if err := p.host.client.ImageService().Delete(ctx, image.Name); err != nil && !errdefs.IsNotFound(err) {
			return fail(err)
		}
	}
	if len(ours) != 1 {
		return fail(fmt.Errorf("the archive has %d images for this platform, and must have 1", len(ours)))
	}
	if err := client.NewImage(p.host.client, ours[0]).Unpack(ctx, ""); err != nil {
		return fail(err)
	}
	return ours[0].Name, nil
}

// Bring implements containers.Host. An image that it pulled, or that was imported,
// counts as brought.
func (h *host) Bring(ctx context.Context, name string, progress func(string)) (brought bool, err error) {
	ctx = h.in(ctx)
	fail := func(err error) (bool, error) {
		return false, fmt.Errorf("image %s: %w", name, err)
	}
	image, err := h.client.GetImage(ctx, name)
	switch {
	case err == nil:
		if unpacked, err := image.IsUnpacked(ctx, ""); err != nil {
			return fail(err)
		} else if !unpacked {
			if err := image.Unpack(ctx, ""); err != nil {
				return fail(err)
			}
		}
		return strings.HasPrefix(name, imported), nil
	case !errdefs.IsNotFound(err):
		return fail(err)
	case strings.HasPrefix(name, imported), !strings.Contains(name, "/"):
		return fail(errors.New("containerd does not have it any more: deploy builds it again"))
	}
	progress("pulling " + name)
	_, err = h.client.Pull(ctx, name, client.WithPullUnpack, client.WithResolver(resolver(ctx)))
	if err != nil {
		return fail(errors.Join(err, h.RemoveImage(ctx, name)))
	}
	return true, nil
}

// settledImages is containerd's store of images, in which adding a name either succeeds
// or has no effect: an abandoned call could still add it after RemoveImage.
type settledImages struct{ images.Store }

// settleLimit is how long containerd may take to add a name.
const settleLimit = 10 * time.Second

// Create implements images.Store.
func (s settledImages) Create(ctx context.Context, image images.Image) (images.Image, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleLimit)
	defer cancel()
	return s.Store.Create(ctx, image)
}

// Update implements images.Store.
func (s settledImages) Update(ctx context.Context, image images.Image, fields ...string) (images.Image, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleLimit)
	defer cancel()
	return s.Store.Update(ctx, image, fields...)
}

// resolver finds registries as ctr does, with the credentials of Docker's
// configuration.
func resolver(ctx context.Context) remotes.Resolver {
	return docker.NewResolver(docker.ResolverOptions{Hosts: config.ConfigureHosts(ctx, config.HostOptions{
		HostDir: config.HostDirFromRoot(hostsDir),
		Credentials: func(host string) (string, string, error) {
			return credentials(ctx, host)
		},
	})})
}

// credentials returns a user's name and password; with a token, the name is empty.
func credentials(ctx context.Context, host string) (string, string, error) {
	if host == "registry-1.docker.io" {
		host = name.DefaultRegistry
	}
	registry, err := name.NewRegistry(host)
	if err != nil {
		return "", "", err
	}
	from, err := authn.Resolve(ctx, registryauth.Keychain(), registry)
	if err != nil {
		return "", "", fmt.Errorf("credentials for %s: %w", host, err)
	}
	got, err := authn.Authorization(ctx, from)
	if err != nil {
		return "", "", fmt.Errorf("credentials for %s: %w", host, err)
	}
	if got.IdentityToken != "" {
		return "", got.IdentityToken, nil
	}
	return got.Username, got.Password, nil
}

// RemoveImage implements containers.Host: the image stays if a container of any
// endpoint needs it.
func (h *host) RemoveImage(ctx context.Context, name string) error {
	ctx = h.in(context.WithoutCancel(ctx))
	using, err := h.client.Containers(ctx, fmt.Sprintf("image==%q", name))
	if err != nil || len(using) > 0 {
		return err
	}
	if err := h.client.ImageService().Delete(ctx, name, images.SynchronousDelete()); err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("remove image %s: %w", name, err)
	}
	return nil
}
