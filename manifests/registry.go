package manifests

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"
	"go.yaml.in/yaml/v3"
)

const registryDocument = "image.yaml"

// RegistryImage is what a repository of a registry is to hold: the one document
// of targets of the kind registry.
type RegistryImage struct {
	// Source is the image, REPOSITORY@sha256:…; it may be in another registry.
	Source string `yaml:"source"`
	// Repository is where it goes, Format the form that it gets there: "oci",
	// "docker" or "docker-manifest".
	Repository string `yaml:"repository"`
	Format     string `yaml:"format"`
	// Tags name it there, in alphabetical order.
	Tags []string `yaml:"tags"`
}

// registry renders targets of the kind registry.
func registry(s State) ([]Document, error) {
	r := s.Live.Release
	fail := func(format string, args ...any) ([]Document, error) {
		return nil, fmt.Errorf("target %q: %w", r.Target.Name, fmt.Errorf(format, args...))
	}
	if s.Next != nil {
		return fail("a registry has no place for a second release beside the first")
	}
	source, err := reference.ParseNormalizedNamed(r.Image)
	if _, ok := source.(reference.Digested); err != nil || !ok {
		return fail("the image %q is not in a registry by its digest, REPOSITORY@sha256:…: build it again, or name another with --image", r.Image)
	}
	if r.Target.Image == "" {
		return fail("there is no repository to copy to: set image in [targets.%s], or tags in [image]", r.Target.Name)
	}
	i := RegistryImage{Source: r.Image, Repository: r.Target.Image, Format: cmp.Or(r.Target.Format, "oci"), Tags: slices.Clone(r.Target.Tags)}
	slices.Sort(i.Tags)
	i.Tags = slices.Compact(i.Tags)
	for _, tag := range i.Tags {
		if err := checkTag(tag, r.Target.Endpoint); err != nil {
			return fail("tag %q %w", tag, err)
		}
	}
	body, err := yaml.Marshal(i)
	if err != nil {
		return fail("%w", err)
	}
	return []Document{{Name: registryDocument, Body: body}}, nil
}

func checkTag(tag, endpoint string) error {
	if !isTag(tag) {
		return errors.New("must be letters, digits, '_', '.' and '-', at most 128, not starting with '.' or '-'")
	}
	if _, ok := RevisionOfTag(endpoint, strings.TrimSuffix(tag, revisionImage)); ok {
		return fmt.Errorf("is how deployfile records the revisions of %s: take another one", endpoint)
	}
	return nil
}

func isTag(text string) bool { return text != "" && reference.TagRegexp.FindString(text) == text }

// MaxRevision is the highest number of a revision.
const MaxRevision = math.MaxInt32

// RevisionTag is the tag that records a revision of an endpoint.
func RevisionTag(endpoint string, number int) string {
	return fmt.Sprintf("%s-r%d", endpoint, number)
}

// revisionImage ends the tag of a revision's image.
const revisionImage = "-image"

// RevisionImageTag is the tag by which an endpoint keeps the image of a
// revision: registries may clean up what no tag names.
func RevisionImageTag(endpoint string, number int) string {
	return RevisionTag(endpoint, number) + revisionImage
}

// RevisionOfTag is the number of the revision that a tag records; ok is false
// if it records none of this endpoint.
func RevisionOfTag(endpoint, tag string) (number int, ok bool) {
	digits, ok := strings.CutPrefix(tag, endpoint+"-r")
	if !ok {
		return 0, false
	}
	number, err := strconv.Atoi(digits)
	if err != nil || number < 1 || number > MaxRevision || tag != RevisionTag(endpoint, number) {
		return 0, false
	}
	return number, true
}

// ParseRegistryImage reads the document of a registry back. It may be from the
// record of a stranger: tags that are none, which could name another repository in
// the address that is made of them, are an error.
func ParseRegistryImage(documents []Document) (*RegistryImage, error) {
	for _, d := range documents {
		if d.Name != registryDocument {
			continue
		}
		var i RegistryImage
		if err := yaml.Unmarshal(d.Body, &i); err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name, err)
		}
		for _, tag := range i.Tags {
			if !isTag(tag) {
				return nil, fmt.Errorf("%s: %q is no tag", d.Name, tag)
			}
		}
		return &i, nil
	}
	return nil, fmt.Errorf("no %s among %d documents", registryDocument, len(documents))
}
