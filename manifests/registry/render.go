package registry

import (
	"fmt"
	"slices"

	"github.com/deployfile/deployfile/manifests"
	"github.com/distribution/reference"
	"go.yaml.in/yaml/v3"
)

const imageDocument = "image.yaml"

// Image is the desired content of a repository: the one document of a target.
type Image struct {
	// Source is the image, REPOSITORY@sha256:…; it may be in another registry.
	Source string `yaml:"source"`
	// Repository is the destination, Format the form of the image there, one of
	// deployfile.Formats.
	Repository string `yaml:"repository"`
	Format     string `yaml:"format"`
	// Tags name it there, in alphabetical order.
	Tags []string `yaml:"tags"`
}

// Render implements manifests.Spec.
func (s *Spec) Render(state manifests.State) ([]manifests.Document, error) {
	r := state.Live.Release
	source, err := reference.ParseNormalizedNamed(r.Image)
	if _, ok := source.(reference.Digested); err != nil || !ok {
		return nil, fmt.Errorf("the image %q is not in a registry by its digest, REPOSITORY@sha256:…: build it again, or name another with --image", r.Image)
	}
	if r.Target.Image == "" {
		return nil, fmt.Errorf("there is no repository to copy to: set image in [targets.%s], or tags in [image]", r.Target.Name)
	}
	tags := slices.Clone(s.Tags)
	slices.Sort(tags)
	body, err := yaml.Marshal(Image{Source: r.Image, Repository: r.Target.Image, Format: r.Target.Format, Tags: tags})
	if err != nil {
		return nil, err
	}
	return []manifests.Document{{Name: imageDocument, Body: body}}, nil
}

// IsTag reports whether a text can be a tag.
func IsTag(text string) bool { return text != "" && reference.TagRegexp.FindString(text) == text }

// ParseImage decodes the document of a registry. It may come from an untrusted record,
// so invalid tags are an error: in a reference they could name another repository.
func ParseImage(documents []manifests.Document) (*Image, error) {
	for _, d := range documents {
		if d.Name != imageDocument {
			continue
		}
		var i Image
		if err := yaml.Unmarshal(d.Body, &i); err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name, err)
		}
		for _, tag := range i.Tags {
			if !IsTag(tag) {
				return nil, fmt.Errorf("%s: invalid tag %q", d.Name, tag)
			}
		}
		return &i, nil
	}
	return nil, fmt.Errorf("no %s among %d documents", imageDocument, len(documents))
}
