// Package kinds lists the kinds of targets. Whoever adds one adds a line here, and
// one in publish/connect.
package kinds

import (
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/containerd"
	"github.com/deployfile/deployfile/manifests/docker"
	"github.com/deployfile/deployfile/manifests/kserve"
	"github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/deployfile/deployfile/manifests/registry"
)

// All returns the kinds, in the order that messages and the JSON Schema have.
func All() []deployfile.Kind {
	return []deployfile.Kind{
		docker.Kind(),
		containerd.Kind(),
		registry.Kind(),
		kubernetes.Kind(),
		kserve.Kind(),
	}
}

// Restore fills in the keys of the kinds in a state that was decoded from JSON.
// It goes together with Target.Restore.
func Restore(s *manifests.State) error {
	if err := s.Live.Target.Restore(All()); err != nil {
		return err
	}
	if s.Next == nil {
		return nil
	}
	return s.Next.Target.Restore(All())
}
