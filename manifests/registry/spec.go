// Package registry is the kind "registry": the image, copied to a repository of a
// registry and named by tags there. Nothing runs.
package registry

import (
	_ "embed" // for the doc comments
	"fmt"
	"strconv"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
)

//go:embed spec.go
var source string

// Kind returns the kind.
func Kind() deployfile.Kind {
	return deployfile.Kind{
		Name:    "registry",
		Summary: "tags in a repository",
		New:     func() deployfile.Spec { return new(Spec) },
		Sources: []string{source},
		Formats: map[string]deployfile.Format{
			"tag": {
				Pattern: `^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`,
				Want:    "a tag without its repository: letters, digits, '_', '.' and '-'",
				Hint:    deployfile.Always(`for example "latest"`),
			},
		},
		Image: deployfile.ImageNeed{Formats: deployfile.Formats()},
	}
}

// Spec has the keys of the kind.
type Spec struct {
	// Tags are further tags that are set, without the repository.
	Tags []string `toml:"tags" json:"tags,omitzero" format:"tag" unique:"true"`
}

var _ manifests.Spec = (*Spec)(nil)

// Kind implements deployfile.Spec.
func (s *Spec) Kind() deployfile.Kind { return Kind() }

// Place implements deployfile.Spec: the endpoints of one repository share it.
func (s *Spec) Place(t deployfile.Target) deployfile.Place {
	return deployfile.Place{System: "registry", Parts: []deployfile.PlacePart{{Key: "image", Called: "repository", Value: t.Image}}}
}

// Check implements deployfile.Spec. Some tags are deployfile's own.
func (s *Spec) Check(c *deployfile.Check) {
	for i, tag := range s.Tags {
		if item := strconv.Itoa(i); c.Has("tags", item) && manifests.IsRevisionTag(c.Endpoint(), tag) {
			c.AtValue(deployfile.Problem{
				Rule: "invalid-name",
				Message: fmt.Sprintf("%s %q must be another tag: deployfile records the revisions of %q as those",
					c.Called("tags", item), tag, c.Endpoint()),
			}, "tags", item)
		}
	}
}
