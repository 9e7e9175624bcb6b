package manifests

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// kubernetes is the state as Kubernetes objects, all named after the endpoint:
// a Deployment for each slot, and what leads to them and guards them.
func kubernetes(s State) ([]Document, error) {
	c, err := newCluster(s)
	if err != nil {
		return nil, err
	}
	for _, add := range []func(*cluster) error{
		accounts, networkPolicy, deployments, services, autoscalers, disruptionBudget, ingress, httpRoute,
	} {
		if err := add(c); err != nil {
			return nil, fmt.Errorf("target %q: %w", c.newest.Target.Name, err)
		}
	}
	return c.documents()
}

// cluster is what a state becomes, object by object.
type cluster struct {
	state State
	// newest is the slot whose release the objects that all share follow.
	newest  Slot
	objects []object
}

func newCluster(s State) (*cluster, error) {
	for _, slot := range s.slots() {
		if slot.Image == "" || strings.HasPrefix(slot.Image, "sha256:") {
			return nil, fmt.Errorf("target %q: a cluster pulls its image from a registry, and this one is in none: name a repository in image or in [image] tags", slot.Target.Name)
		}
	}
	return &cluster{state: s, newest: s.newest()}, nil
}

// endpoint is the name that all objects have, or begin with.
func (c *cluster) endpoint() string { return c.newest.Target.Endpoint }

// add takes a value of a Kubernetes type that was made from the slot's release.
func (c *cluster) add(of Slot, typed any) error {
	o, err := newObject(typed)
	if err != nil {
		return err
	}
	// The rules for a Service's name are the strictest, and all that is named
	// after the endpoint follows them.
	if problems := validation.IsDNS1035Label(o.name); o.kind != "ServiceAccount" && len(problems) > 0 {
		return fmt.Errorf("%s %q cannot be called that: %s; set endpoint", o.kind, o.name, strings.Join(problems, ", "))
	}
	o.track = of.Track
	c.objects = append(c.objects, o)
	return nil
}

// documents are the objects, patched.
func (c *cluster) documents() ([]Document, error) {
	if err := c.patch(); err != nil {
		return nil, err
	}
	return c.unpatched()
}

// unpatched are the objects as they are.
func (c *cluster) unpatched() ([]Document, error) {
	documents := make([]Document, 0, len(c.objects))
	for _, o := range c.objects {
		d, err := o.document(c.endpoint())
		if err != nil {
			return nil, fmt.Errorf("target %q: %w", c.newest.Target.Name, err)
		}
		documents = append(documents, d)
	}
	return documents, nil
}

// name is that of a slot's own objects.
func (c *cluster) name(s Slot) string { return c.suffixed(s.Track) }

func (c *cluster) suffixed(suffix string) string {
	if suffix == "" {
		return c.endpoint()
	}
	return c.endpoint() + "-" + suffix
}

// slotOf is the value of the slot label, by which the endpoint's Service
// selects: a canary is in the slot of the live release that it is tried beside.
func (c *cluster) slotOf(s Slot) string {
	if s.Track == trackCanary {
		s = c.state.Live
	}
	return cmp.Or(s.Track, "main")
}

// canary is the next slot, if that is one.
func (c *cluster) canary() (Slot, bool) {
	if c.state.Next == nil || c.state.Next.Track != trackCanary {
		return Slot{}, false
	}
	return *c.state.Next, true
}

// preview is the next slot, if that waits to take over all requests at once.
func (c *cluster) preview() (Slot, bool) {
	if c.state.Next == nil || c.state.Next.Track == trackCanary {
		return Slot{}, false
	}
	return *c.state.Next, true
}

// names lists what is there, for messages.
func (c *cluster) names() string {
	var names []string
	for _, o := range c.objects {
		names = append(names, o.String())
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}
