// Package kubernetes is the kind "kubernetes": a Deployment for each slot, a Service,
// and the objects that protect them and route requests to them.
package kubernetes

import (
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
)

// state is the state to render.
type state struct{ *cluster.Objects }

// Render implements manifests.Spec: the state as Kubernetes objects, all named
// after the endpoint.
func (s *Spec) Render(of manifests.State) ([]manifests.Document, error) {
	objects, err := cluster.New(of)
	if err != nil {
		return nil, err
	}
	c := state{objects}
	for _, add := range []func() error{
		c.AddAccounts, c.networkPolicy, c.deployments, c.services, c.autoscalers, c.disruptionBudget, c.ingress, c.httpRoute,
	} {
		if err := add(); err != nil {
			return nil, err
		}
	}
	return c.Documents()
}

// specOf returns the keys of a release. manifests.Render ensures that all slots are of
// one kind.
func specOf(r manifests.Release) *Spec {
	s, _ := r.Target.Spec.(*Spec)
	return s
}

// newest returns the keys that decide about shared objects.
func (c state) newest() *Spec { return specOf(c.Newest.Release) }
