package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/opencontainers/go-digest"
)

// pinnedImage is an image by its digest, which is asked for and said if it was named
// by a tag.
func pinnedImage(ctx context.Context, image string, steps *steps) (string, error) {
	if isDigest(image) {
		return image, nil
	}
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", err
	}
	repository := reference.FamiliarName(named)
	if d, ok := named.(reference.Digested); ok {
		return repository + "@" + d.Digest().String(), nil
	}
	steps.wait("looking for %s", image)
	ref, err := name.ParseReference(reference.TagNameOnly(named).String())
	if err != nil {
		return "", err
	}
	found, err := remote.Get(ref, registryOptions(ctx)...)
	if err != nil {
		return "", fmt.Errorf("--image %s: %w", image, err)
	}
	steps.say("%s is %s", image, found.Digest)
	return repository + "@" + found.Digest.String(), nil
}

// keep gives what was pushed by its digest a tag, because registries remove
// what has none.
func keep(ctx context.Context, repository, dgst string) error {
	ref, err := name.NewDigest(repository + "@" + dgst)
	if err != nil {
		return err
	}
	found, err := remote.Get(ref, registryOptions(ctx)...)
	if err != nil {
		return fmt.Errorf("tag what was pushed: %w", err)
	}
	_, hex, _ := strings.Cut(dgst, ":")
	if err := remote.Tag(ref.Context().Tag(hex[:shortDigits]), found, registryOptions(ctx)...); err != nil {
		return fmt.Errorf("tag what was pushed: %w", err)
	}
	return nil
}

func registryOptions(ctx context.Context) []remote.Option {
	return []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithUserAgent("deployfile")}
}

// fileDigest is that of a file's contents, "" if there is no such file.
func fileDigest(path string) (string, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return digest.FromBytes(data).String(), nil
}
