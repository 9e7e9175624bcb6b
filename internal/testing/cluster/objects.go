//go:build linux

package cluster

import (
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// Objects lists every object of the namespace, of all kinds that the API
// server can list, as "KIND.GROUP/NAME" and sorted; such as
// "Deployment.apps/iris" and "Service/iris". Events are left out, and what
// every namespace has, and what User made.
func (c *Cluster) Objects(t testing.TB, namespace string) []string {
	t.Helper()
	lists, err := discovery.ServerPreferredNamespacedResources(c.Client.Discovery())
	if err != nil {
		t.Fatal(err)
	}
	var objects []string
	for _, list := range discovery.FilteredBy(discovery.SupportsAllVerbs{Verbs: []string{"list"}}, lists) {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list.APIResources {
			if r.Kind == "Event" {
				continue
			}
			found, err := c.Dynamic.Resource(version.WithResource(r.Name)).Namespace(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "!" + fixture})
			// A custom kind may go while another test defines it.
			if apierrors.IsNotFound(err) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			kind := strings.TrimSuffix(r.Kind+"."+version.Group, ".")
			for _, o := range found.Items {
				if name := kind + "/" + o.GetName(); name != "ServiceAccount/default" && name != "ConfigMap/kube-root-ca.crt" {
					objects = append(objects, name)
				}
			}
		}
	}
	slices.Sort(objects)
	return objects
}
