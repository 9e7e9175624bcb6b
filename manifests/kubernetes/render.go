// Package kubernetes is the kind "kubernetes": a Deployment for each slot, a
// Service, and what guards them and leads requests to them.
package kubernetes

import (
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
)

// state is what becomes objects.
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

// specOf returns the keys of a release: manifests.Render has made sure that all
// slots are of one kind.
func specOf(r manifests.Release) *Spec {
	s, _ := r.Target.Spec.(*Spec)
	return s
}

// newest returns the keys that the objects follow which all slots share.
func (c state) newest() *Spec { return specOf(c.Newest.Release) }
