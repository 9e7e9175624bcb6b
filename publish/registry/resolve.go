package registry

import "context"

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
