package registryclient

import (
	"context"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Resolve returns the digest of an image, REPOSITORY:TAG or with a digest. The
// error is a *NoImageError if it is not there.
func Resolve(ctx context.Context, image string) (v1.Hash, error) {
	c, err := New()
	if err != nil {
		return v1.Hash{}, err
	}
	ref, err := ParseReference(image)
	if err != nil {
		return v1.Hash{}, err
	}
	digest, there, err := c.Digest(ctx, ref)
	if err == nil && !there {
		err = &NoImageError{Image: image}
	}
	return digest, err
}

// Tag lets a tag of its repository name an image, REPOSITORY@sha256:… or
// REPOSITORY:TAG.
func Tag(ctx context.Context, image, tag string) error {
	c, err := New()
	if err != nil {
		return err
	}
	ref, err := ParseReference(image)
	if err != nil {
		return err
	}
	d, err := c.Puller.Get(ctx, ref)
	if IsNotFound(err) {
		return &NoImageError{Image: image}
	}
	if err != nil {
		return err
	}
	if err := c.Pusher.Put(ctx, ref.Context().Tag(tag), d); err != nil {
		return fmt.Errorf("tag %s as %s: %w", image, tag, err)
	}
	return nil
}
