package kubernetes

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// StrangeObjectError reports a document that does not belong to the endpoint that it
// was rendered or recorded for. Write access to the records of an endpoint must not
// grant the deployer's permissions.
type StrangeObjectError struct {
	// Document names its source: a file, or a record.
	Document string
	// Object is the object, Reason why it is not the endpoint's.
	Object, Reason string
}

// Error implements error.
func (e *StrangeObjectError) Error() string {
	return fmt.Sprintf("%s: %s %s: nothing is done with it", e.Document, e.Object, e.Reason)
}

// own returns a *StrangeObjectError for an object outside the endpoint's namespace, or
// of another endpoint.
func (c *connection) own(o object) error {
	reason := ""
	switch {
	case !o.namespaced:
		reason = "is of the whole cluster, and an endpoint is in a namespace"
	case o.GetNamespace() != c.namespace:
		reason = fmt.Sprintf("is not in the target's namespace %q", c.namespace)
	case !c.ours(o.Unstructured):
		reason = fmt.Sprintf("has not the labels %s=%s and %s=%s", labelInstance, c.endpoint, labelManagedBy, manager)
	default:
		return nil
	}
	return &StrangeObjectError{Document: o.document, Object: o.String(), Reason: reason}
}

// ownRecorded is own for an object of a record, which must also be of a kind that
// endpoints have. RBAC kinds are not among them.
func (c *connection) ownRecorded(o object) error {
	if err := c.own(o); err != nil {
		return err
	}
	if !slices.Contains(servingKinds(), o.GroupVersionKind().GroupKind()) {
		return &StrangeObjectError{Document: o.document, Object: o.String(), Reason: "is of a kind that no endpoint has"}
	}
	return nil
}

// servingKinds are the kinds that package manifests renders for an endpoint.
func servingKinds() []schema.GroupKind {
	return []schema.GroupKind{
		{Kind: "Service"}, {Kind: "ServiceAccount"},
		{Group: "apps", Kind: "Deployment"},
		{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"},
		{Group: "policy", Kind: "PodDisruptionBudget"},
		{Group: "networking.k8s.io", Kind: "Ingress"}, {Group: "networking.k8s.io", Kind: "NetworkPolicy"},
		{Group: "gateway.networking.k8s.io", Kind: "HTTPRoute"},
		{Group: "serving.kserve.io", Kind: "InferenceService"},
	}
}
