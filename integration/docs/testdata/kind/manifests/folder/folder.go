// Package folder is the kind "folder": what is to run, written to a directory.
package folder

import (
	_ "embed" // for the doc comments

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"go.yaml.in/yaml/v3"
)

//go:embed folder.go
var source string

// Kind returns the kind.
func Kind() deployfile.Kind {
	return deployfile.Kind{
		Name:    "folder",
		Summary: "a file in a directory",
		New:     func() deployfile.Spec { return new(Spec) },
		Sources: []string{source},
		Image:   deployfile.ImageNeed{Formats: deployfile.Formats()},
	}
}

// Spec has the keys of the kind.
type Spec struct {
	deployfile.ServerEnv
	// Path is the directory, which is made if it is not there.
	Path string `toml:"path" json:"path" format:"path" required:"it is where the documents go" example:"path = \"served\""`
}

// Kind implements deployfile.Spec.
func (s *Spec) Kind() deployfile.Kind { return Kind() }

// Check implements deployfile.Spec.
func (s *Spec) Check(*deployfile.Check) {}

// Place implements deployfile.Spec.
func (s *Spec) Place(deployfile.Target) deployfile.Place {
	return deployfile.Place{System: "folder", Parts: []deployfile.PlacePart{{Key: "path", Called: "directory", Value: s.Path}}}
}

// Render implements manifests.Spec.
func (s *Spec) Render(state manifests.State) ([]manifests.Document, error) {
	r := state.Live.Release
	body, err := yaml.Marshal(struct {
		Image string            `yaml:"image"`
		Port  int               `yaml:"port"`
		Env   map[string]string `yaml:"env,omitempty"`
	}{r.Image, r.Port, s.Env})
	if err != nil {
		return nil, err
	}
	return []manifests.Document{{Name: "server.yaml", Body: body}}, nil
}
