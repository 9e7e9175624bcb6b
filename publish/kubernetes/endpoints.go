package kubernetes

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
)

// endpointsTime is for how long a Service is waited for whose pods are ready:
// its endpoints follow them by themselves.
const endpointsTime = 10 * time.Second

// service looks whether requests to a Service get to a pod that it selects.
// A load balancer is not waited for: it may take minutes, and is none of what
// serves.
func (w *watch) service(ctx context.Context, o object, live *unstructured.Unstructured) (readiness, error) {
	done := readiness{ready: true}
	selector, _, _ := unstructured.NestedStringMap(live.Object, "spec", "selector")
	if len(selector) == 0 || w.unseen {
		return done, nil
	}
	first, ok := w.services[o.key()]
	if !ok {
		first = time.Now()
		w.services[o.key()] = first
	}
	slices, err := retry(ctx, w.Publisher, func() (*discoveryv1.EndpointSliceList, error) {
		return w.client.DiscoveryV1().EndpointSlices(live.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + live.GetName()})
	})
	if apierrors.IsForbidden(err) {
		w.unseen = true
		return done, nil
	}
	if err != nil {
		return readiness{}, w.explain(err, "listing the endpoints of "+o.String())
	}
	pods, err := w.pods(ctx, metav1.ListOptions{LabelSelector: labels.FormatLabels(selector)})
	if err != nil {
		return readiness{}, err
	}
	if reaches(slices.Items, pods) || time.Since(first) > endpointsTime {
		return done, nil
	}
	return readiness{message: "it has no endpoints yet"}, nil
}

// reaches says that one of the pods is a ready endpoint, and none of other
// pods is any more.
func reaches(slices []discoveryv1.EndpointSlice, pods []corev1.Pod) bool {
	names := map[string]bool{}
	for _, pod := range pods {
		names[pod.Name] = true
	}
	found := false
	for _, slice := range slices {
		for _, e := range slice.Endpoints {
			if e.Conditions.Ready == nil || !*e.Conditions.Ready || e.TargetRef == nil {
				continue
			}
			if !names[e.TargetRef.Name] {
				return false
			}
			found = true
		}
	}
	return found
}
