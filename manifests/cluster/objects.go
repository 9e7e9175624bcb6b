// Package cluster is what the kinds of target on a Kubernetes cluster share: their keys
// and checks, the objects of a state, the pods of the model's server, and Jobs that
// score a file.
package cluster

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Suffixes of the names of Services beside the endpoint's own.
const (
	ServiceStable  = "stable"
	ServiceCanary  = "canary"
	ServicePreview = "preview"
)

// Objects collects the objects of a state.
type Objects struct {
	// State is what they are rendered from. Newest is the slot whose release decides
	// about shared objects.
	State  manifests.State
	Newest manifests.Slot

	objects []object
}

// New is for a state whose slots have the keys of Pod.
func New(s manifests.State) (*Objects, error) {
	slots := s.Slots()
	for _, slot := range slots {
		if slot.Image == "" || strings.HasPrefix(slot.Image, "sha256:") {
			return nil, errors.New("a cluster pulls its image from a registry, and this one is in none: name a repository in image or in [image] tags")
		}
		if _, err := Keys(slot.Target); err != nil {
			return nil, err
		}
	}
	return &Objects{State: s, Newest: slots[len(slots)-1]}, nil
}

// Keys returns the keys of a target that all kinds on a cluster have. The error
// is for a target of another kind.
func Keys(t deployfile.Target) (*Pod, error) {
	spec, ok := t.Spec.(interface{ pod() *Pod })
	if !ok {
		return nil, fmt.Errorf("kind %q is not for a cluster", t.Kind)
	}
	return spec.pod(), nil
}

// PodOf returns the Keys of a release whose kind New has checked.
func PodOf(r manifests.Release) *Pod {
	pod, _ := Keys(r.Target)
	return pod
}

// Endpoint returns the name, or the prefix of the name, of all objects.
func (c *Objects) Endpoint() string { return c.Newest.Target.Endpoint }

// Add adds a value of a Kubernetes type, rendered from the slot's release.
func (c *Objects) Add(of manifests.Slot, typed any) error {
	o, err := newObject(typed)
	if err != nil {
		return err
	}
	// The rules for a Service's name are the strictest, so all names that are derived
	// from the endpoint follow them.
	if problems := validation.IsDNS1035Label(o.name); o.kind != "ServiceAccount" && len(problems) > 0 {
		return fmt.Errorf("%s %q cannot be called that: %s; set endpoint", o.kind, o.name, strings.Join(problems, ", "))
	}
	o.track = of.Track
	c.objects = append(c.objects, o)
	return nil
}

// Documents returns the objects, patched.
func (c *Objects) Documents() ([]manifests.Document, error) {
	if err := c.patch(); err != nil {
		return nil, err
	}
	return c.unpatched()
}

// unpatched returns the objects before the patches.
func (c *Objects) unpatched() ([]manifests.Document, error) {
	documents := make([]manifests.Document, 0, len(c.objects))
	for _, o := range c.objects {
		d, err := o.document(c.Endpoint())
		if err != nil {
			return nil, err
		}
		documents = append(documents, d)
	}
	return documents, nil
}

// Name returns the name of a slot's own objects.
func (c *Objects) Name(s manifests.Slot) string { return c.Suffixed(s.Track) }

// Suffixed returns the endpoint's name with a suffix, which may be "".
func (c *Objects) Suffixed(suffix string) string {
	if suffix == "" {
		return c.Endpoint()
	}
	return c.Endpoint() + "-" + suffix
}

// SlotOf returns the value of the slot label, by which the endpoint's Service selects:
// a canary has the slot of the live release beside it.
func (c *Objects) SlotOf(s manifests.Slot) string {
	if s.Track == manifests.TrackCanary {
		s = c.State.Live
	}
	return cmp.Or(s.Track, "main")
}

// Canary returns the next slot, if that is one.
func (c *Objects) Canary() (manifests.Slot, bool) {
	if c.State.Next == nil || c.State.Next.Track != manifests.TrackCanary {
		return manifests.Slot{}, false
	}
	return *c.State.Next, true
}

// Preview returns the next slot, if it is to take over all requests at once.
func (c *Objects) Preview() (manifests.Slot, bool) {
	if c.State.Next == nil || c.State.Next.Track == manifests.TrackCanary {
		return manifests.Slot{}, false
	}
	return *c.State.Next, true
}

// names lists the existing objects, for messages.
func (c *Objects) names() string {
	var names []string
	for _, o := range c.objects {
		names = append(names, o.String())
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}
