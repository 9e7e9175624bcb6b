// Package docker is the kind "docker": a container of a Docker engine.
package docker

import (
	_ "embed" // for the doc comments
	"fmt"
	"net/netip"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
)

//go:embed docker.go
var source string

// Kind returns the kind.
func Kind() deployfile.Kind {
	formats := manifests.ResourceFormats()
	formats["network"] = deployfile.Format{Pattern: `^[A-Za-z0-9][A-Za-z0-9_.-]*$`, Longest: 253, Want: `the name of a network, or "host"`}
	formats["address"] = deployfile.Format{Check: checkAddress}
	return deployfile.Kind{
		Name:    "docker",
		Summary: "a container on a Docker engine, local, or at `DOCKER_HOST` or in a Docker context",
		New:     func() deployfile.Spec { return new(Spec) },
		Sources: append(manifests.ContainerSources(), source),
		Formats: formats,
		Image:   deployfile.ImageNeed{Store: deployfile.StoreDocker, Formats: deployfile.Formats()},
		Verbs:   []deployfile.Verb{deployfile.VerbPredict, deployfile.VerbOpen, deployfile.VerbLogs},
	}
}

// Spec has the keys of the kind.
type Spec struct {
	manifests.ContainerKeys
	// Restart is the restart policy: "no", "on-failure", "always" or
	// "unless-stopped" (the default).
	Restart string `toml:"restart" json:"restart,omitzero" enum:"no on-failure always unless-stopped" default:"unless-stopped"`
	// Address is the address of this machine that the port is opened on,
	// 127.0.0.1 by default.
	Address string `toml:"address" json:"address,omitzero" format:"address" default:"127.0.0.1"`
	// Network is the name of one of the engine's networks, or "host"; the
	// default is the engine's own.
	Network string `toml:"network" json:"network,omitzero" format:"network"`
}

var _ manifests.Spec = (*Spec)(nil)

// Kind implements deployfile.Spec.
func (s *Spec) Kind() deployfile.Kind { return Kind() }

// Place implements deployfile.Spec.
func (s *Spec) Place(deployfile.Target) deployfile.Place { return deployfile.Place{System: "docker"} }

func checkAddress(key, value string) deployfile.Problem {
	if _, err := netip.ParseAddr(value); err != nil {
		return deployfile.Problem{
			Rule:    "invalid-address",
			Message: fmt.Sprintf("%s %q must be an IP address of this machine", key, value),
			Hint:    `for example "127.0.0.1", or "0.0.0.0" for all of them`,
		}
	}
	return deployfile.Problem{}
}

// Check implements deployfile.Spec.
func (s *Spec) Check(c *deployfile.Check) {
	if s.Network == manifests.HostNetwork && c.Has("network") && c.Has("address") {
		c.AtKey(deployfile.Problem{
			Rule:    "conflict",
			Message: fmt.Sprintf("%s has no effect: the container is on the network of the host itself", c.Called("address")),
			Hint:    "leave out the address or the network",
		}, "address")
	}
}

// Complete implements deployfile.Completer.
func (s *Spec) Complete() {
	if s.Network == manifests.HostNetwork {
		s.Address = ""
	}
}

// Render implements manifests.Spec.
func (s *Spec) Render(state manifests.State) ([]manifests.Document, error) {
	r := state.Live.Release
	c := manifests.NewContainer(r, s.ContainerKeys)
	c.Restart, c.Network = s.Restart, s.Network
	c.Publish = &manifests.PublishedPort{Address: s.Address, Port: r.Target.Port}
	return c.Documents()
}
