// Package containerd is the kind "containerd": a container of this machine's
// containerd, with no engine above it.
package containerd

import (
	_ "embed" // for the doc comments
	"fmt"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
)

//go:embed containerd.go
var source string

// restart is the restart policy; containerd has no other.
const restart = "unless-stopped"

// Kind returns the kind.
func Kind() deployfile.Kind {
	formats := manifests.ResourceFormats()
	formats["namespace"] = deployfile.Format{
		// containerd's identifiers.
		Pattern: `^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$`,
		Refuse: func(_, value string) deployfile.Problem {
			return deployfile.Problem{Rule: "invalid-name", Message: fmt.Sprintf("%q is not a containerd namespace", value)}
		},
	}
	return deployfile.Kind{
		Name:    "containerd",
		Summary: "a container on this machine's containerd",
		New:     func() deployfile.Spec { return new(Spec) },
		Sources: append(manifests.ContainerSources(), source),
		Formats: formats,
		Image:   deployfile.ImageNeed{Store: deployfile.StoreContainerd, Formats: deployfile.Formats()},
		Verbs:   []deployfile.Verb{deployfile.VerbPredict, deployfile.VerbOpen, deployfile.VerbLogs},
	}
}

// Spec has the keys of the kind.
type Spec struct {
	manifests.ContainerKeys
	// Namespace is containerd's namespace; the default is that of the client's
	// configuration.
	Namespace string `toml:"namespace" json:"namespace,omitzero" format:"namespace"`
	// Network is "host" (the default), or "cni" for a network of its own.
	Network string `toml:"network" json:"network,omitzero" enum:"host cni" default:"host"`
}

var _ manifests.Spec = (*Spec)(nil)

// Kind implements deployfile.Spec.
func (s *Spec) Kind() deployfile.Kind { return Kind() }

// Place implements deployfile.Spec.
func (s *Spec) Place(deployfile.Target) deployfile.Place {
	return deployfile.Place{System: "containerd", Parts: []deployfile.PlacePart{{Key: "namespace", Called: "namespace", Value: s.Namespace}}}
}

// Check implements deployfile.Spec.
func (s *Spec) Check(*deployfile.Check) {}

// Render implements manifests.Spec.
func (s *Spec) Render(state manifests.State) ([]manifests.Document, error) {
	r := state.Live.Release
	c := manifests.NewContainer(r, s.ContainerKeys)
	c.Restart, c.Network = restart, s.Network
	c.Publish = &manifests.PublishedPort{Port: r.Target.Port}
	return c.Documents()
}
