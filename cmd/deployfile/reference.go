package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/deployfile/deployfile/publish/registry"
	"github.com/distribution/reference"
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
	found, err := registry.Resolve(ctx, reference.TagNameOnly(named).String())
	if err != nil {
		return "", fmt.Errorf("--image %s: %w", image, err)
	}
	_, dgst, _ := strings.Cut(found, "@")
	steps.say("%s is %s", image, dgst)
	return repository + "@" + dgst, nil
}

// keep gives what was pushed by its digest a tag, because registries remove
// what has none.
func keep(ctx context.Context, repository, dgst string) error {
	_, hex, _ := strings.Cut(dgst, ":")
	if err := registry.Tag(ctx, repository+"@"+dgst, hex[:shortDigits]); err != nil {
		return fmt.Errorf("tag what was pushed: %w", err)
	}
	return nil
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
