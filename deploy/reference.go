package deploy

import (
	"context"
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/distribution/reference"
)

// pinned returns an image by its digest, which the registry is asked for if the
// image is named by a tag.
func (d *Deployer) pinned(ctx context.Context, image string) (string, error) {
	if isDigest(image) {
		return image, nil
	}
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", err
	}
	repository := reference.FamiliarName(named)
	if digested, ok := named.(reference.Digested); ok {
		return repository + "@" + digested.Digest().String(), nil
	}
	d.progress().Wait("looking for " + image)
	found, err := registryclient.Resolve(ctx, reference.TagNameOnly(named).String())
	if err != nil {
		return "", fmt.Errorf("--image %s: %w", image, err)
	}
	d.progress().Say(image + " is " + found.String())
	return repository + "@" + found.String(), nil
}

// shortDigits is the number of digits of a digest that people compare, and that are
// a tag.
const shortDigits = 12

// keep tags what was pushed by its digest, because registries remove what has no
// tag.
func keep(ctx context.Context, repository, dgst string) error {
	_, hex, _ := strings.Cut(dgst, ":")
	if err := registryclient.Tag(ctx, repository+"@"+dgst, hex[:shortDigits]); err != nil {
		return fmt.Errorf("tag what was pushed: %w", err)
	}
	return nil
}
