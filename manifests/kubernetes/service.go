package kubernetes

import (
	"cmp"

	"github.com/deployfile/deployfile/manifests/cluster"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// services adds the endpoint's own, which leads to all that serves its
// requests; a preview of what waits to take over; and, where a route shares the
// requests out, one for each side.
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

// port is where the Services listen.
func (c state) port() int32 { return int32(cmp.Or(c.Newest.Target.Port, c.Newest.Port)) }
