package kubernetes

import (
	"cmp"

	"github.com/deployfile/deployfile/manifests/cluster"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// services adds the endpoint's Service, which selects the pods of the live slot; a
// preview Service for a release that waits to be promoted; and, with an HTTPRoute
// that splits the traffic, a Service for each track.
func (c state) services() error {
	live := c.State.Live
	selectors := []struct {
		name     string
		selector map[string]string
	}{{c.Endpoint(), c.SlotSelector(live)}}
	add := func(suffix string, selector map[string]string) {
		selectors = append(selectors, struct {
			name     string
			selector map[string]string
		}{c.Suffixed(suffix), selector})
	}
	if next, ok := c.Preview(); ok {
		add(cluster.ServicePreview, c.SlotSelector(next))
	}
	if next, ok := c.Canary(); ok && c.newest().HTTPRoute != nil {
		add(cluster.ServiceStable, cluster.TrackSelector(live))
		add(cluster.ServiceCanary, cluster.TrackSelector(next))
	}
	for _, s := range selectors {
		if err := c.Add(c.Newest, &corev1.Service{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
			ObjectMeta: c.Meta(s.name),
			Spec: corev1.ServiceSpec{
				Type:     corev1.ServiceTypeClusterIP,
				Selector: s.selector,
				Ports: []corev1.ServicePort{{
					Name: cluster.PortName, Protocol: corev1.ProtocolTCP, Port: c.port(), TargetPort: intstr.FromString(cluster.PortName),
				}},
			},
		}); err != nil {
			return err
		}
	}
	return nil
}

// port returns the port of the Services.
func (c state) port() int32 { return int32(cmp.Or(c.Newest.Target.Port, c.Newest.Port)) }
