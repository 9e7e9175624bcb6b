package registry

import (
	"context"
	"fmt"
	"strconv"

	"github.com/deployfile/deployfile/imageformat"
	"github.com/deployfile/deployfile/imagespec"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Description is what a built image says of itself.
type Description struct {
	// Image is REPOSITORY@sha256:….
	Image string
	// Platforms are os/arch, in the image's own order.
	Platforms []string
	// Model is the model's name, Version its version; "" if the image does not
	// say.
	Model, Version string
	// Port is where the server listens, 0 if the image does not say, User the
	// uid[:gid] that it runs as.
	Port int
	User string
	// Labels are all labels, those of the first platform.
	Labels map[string]string
}

// Resolve returns an image, REPOSITORY:TAG or with a digest, as
// REPOSITORY@sha256:…. The error is a *NoImageError if it is not there.
func Resolve(ctx context.Context, image string) (string, error) {
	c, err := newClient()
	if err != nil {
		return "", err
	}
	ref, err := parseReference(image)
	if err != nil {
		return "", err
	}
	digest, there, err := c.digest(ctx, ref)
	if err == nil && !there {
		err = &NoImageError{Image: image}
	}
	return named(repositoryOf(image), digest), err
}

// Describe reads the labels and the configuration of a built image. The error
// is a *NoImageError if it is not there.
func Describe(ctx context.Context, image string) (*Description, error) {
	c, err := newClient()
	if err != nil {
		return nil, err
	}
	ref, err := parseReference(image)
	if err != nil {
		return nil, err
	}
	found, err := c.image(ctx, ref)
	if err != nil {
		return nil, err
	}
	digest, err := found.Digest()
	if err != nil {
		return nil, err
	}
	d := &Description{Image: named(repositoryOf(image), digest)}
	if d.Platforms, err = imageformat.Platforms(found); err != nil {
		return nil, fmt.Errorf("%s: %w", image, err)
	}
	one, err := imageformat.Convert(found, imageformat.OCI, d.Platforms[0])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", image, err)
	}
	config, err := imageformat.Config(one.(v1.Image))
	if err != nil {
		return nil, err
	}
	d.Labels, d.User = config.Config.Labels, config.Config.User
	d.Model, d.Version = d.Labels[imagespec.LabelModelName], d.Labels[ocispecs.AnnotationVersion]
	if port := d.Labels[imagespec.LabelServerPort]; port != "" {
		if d.Port, err = strconv.Atoi(port); err != nil {
			return nil, fmt.Errorf("%s: label %s: %w", image, imagespec.LabelServerPort, err)
		}
	}
	return d, nil
}
