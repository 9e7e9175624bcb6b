package manifests

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Suffixes of the Services beside the endpoint's own.
const (
	serviceStable  = "stable"
	serviceCanary  = "canary"
	servicePreview = "preview"
)

// services adds the endpoint's own, which leads to all that serves its
// requests; a preview of what waits to take over; and, where a route shares the
// requests out, one for each side.
func services(c *cluster) error {
	live := c.state.Live
	selectors := []struct {
		name     string
		selector map[string]string
	}{{c.endpoint(), c.slotSelector(live)}}
	add := func(suffix string, selector map[string]string) {
		selectors = append(selectors, struct {
			name     string
			selector map[string]string
		}{c.suffixed(suffix), selector})
	}
	if next, ok := c.preview(); ok {
		add(servicePreview, c.slotSelector(next))
	}
	if next, ok := c.canary(); ok && c.newest.Target.HTTPRoute != nil {
		add(serviceStable, trackSelector(live))
		add(serviceCanary, trackSelector(next))
	}
	for _, s := range selectors {
		if err := c.add(c.newest, &corev1.Service{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
			ObjectMeta: c.meta(s.name),
			Spec: corev1.ServiceSpec{
				Type:     corev1.ServiceTypeClusterIP,
				Selector: s.selector,
				Ports: []corev1.ServicePort{{
					Name: portName, Protocol: corev1.ProtocolTCP, Port: c.port(), TargetPort: intstr.FromString(portName),
				}},
			},
		}); err != nil {
			return err
		}
	}
	return nil
}

// port is where the Services listen.
func (c *cluster) port() int32 { return int32(cmp.Or(c.newest.Target.Port, c.newest.Port)) }
