package kubernetes

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
)

// followTime bounds the wait for a Service or a route to pick up a change. Its
// controller does that asynchronously, if one is installed.
const followTime = 10 * time.Second

// follows reports whether the wait for an object is over.
func (w *watch) follows(o object) bool {
	first, ok := w.following[o.key()]
	if !ok {
		first = time.Now()
		w.following[o.key()] = first
	}
	return time.Since(first) > followTime
}

// service checks whether requests to a Service reach a pod that it selects. It does not
// wait for a load balancer, which may take minutes and does not affect readiness.
func (w *watch) service(ctx context.Context, o object, live *unstructured.Unstructured) (readiness, error) {
	done := readiness{ready: true}
	selector, _, _ := unstructured.NestedStringMap(live.Object, "spec", "selector")
	if len(selector) == 0 || w.unseen {
		return done, nil
	}
	slices, err := retry(ctx, w.connection, func() (*discoveryv1.EndpointSliceList, error) {
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
	if reaches(slices.Items, pods) || w.follows(o) {
		return done, nil
	}
	return readiness{message: "it has no endpoints yet"}, nil
}

// reaches reports whether one of the pods is a ready endpoint, and no other pod still
// is.
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

// route checks the gateways' conditions of an HTTPRoute. A gateway that reports nothing
// may not exist, which is outside the endpoint.
func (w *watch) route(o object, live *unstructured.Unstructured) readiness {
	behind := false
	parents, _, _ := unstructured.NestedSlice(live.Object, "status", "parents")
	for _, p := range parents {
		parent, _ := p.(map[string]any)
		conditions, _, _ := unstructured.NestedSlice(parent, "conditions")
		for _, c := range conditions {
			condition, _ := c.(map[string]any)
			if condition["observedGeneration"] != live.GetGeneration() {
				behind = true
				continue
			}
			if kind := condition["type"]; condition["status"] == "False" && (kind == "Accepted" || kind == "ResolvedRefs") {
				reason := fmt.Sprintf("its gateway refuses it (%v): %v", condition["reason"], condition["message"])
				return readiness{message: reason, trouble: &trouble{reason: reason, grace: transientGrace}}
			}
		}
	}
	if behind && !w.follows(o) {
		return readiness{message: "its gateway has not observed the change yet"}
	}
	return readiness{ready: true}
}
