package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/publish/registry"
	"github.com/distribution/reference"
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
