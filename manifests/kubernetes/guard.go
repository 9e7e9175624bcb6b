package kubernetes

import (
	"github.com/deployfile/deployfile/manifests/cluster"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// disruptionBudget adds a PodDisruptionBudget for the pods of the endpoint.
func (c state) disruptionBudget() error {
	least := c.newest().MinAvailable
	if least == "" {
		return nil
	}
	return c.Add(c.Newest, &policyv1.PodDisruptionBudget{
		TypeMeta:   metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"},
		ObjectMeta: c.Meta(c.Endpoint()),
		Spec: policyv1.PodDisruptionBudgetSpec{
			MinAvailable: new(intstr.Parse(least)),
			Selector:     &metav1.LabelSelector{MatchLabels: c.SlotSelector(c.State.Live)},
			// A pod that is not ready must not block a drain.
			UnhealthyPodEvictionPolicy: new(policyv1.AlwaysAllow),
		},
	})
}

// networkPolicy adds a NetworkPolicy with the senders that may send requests.
func (c state) networkPolicy() error {
	namespaces := c.newest().AllowFrom
	if len(namespaces) == 0 {
		return nil
	}
	var from []networkingv1.NetworkPolicyPeer
	for _, namespace := range namespaces {
		selector := &metav1.LabelSelector{}
		if namespace != anyNamespace {
			selector.MatchLabels = map[string]string{corev1.LabelMetadataName: namespace}
		}
		from = append(from, networkingv1.NetworkPolicyPeer{NamespaceSelector: selector})
	}
	return c.Add(c.Newest, &networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"},
		ObjectMeta: c.Meta(c.Endpoint()),
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{cluster.LabelInstance: c.Endpoint()}},
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			Ingress: []networkingv1.NetworkPolicyIngressRule{{
				From: from,
				// By its name: the slots may listen on different ports.
				Ports: []networkingv1.NetworkPolicyPort{{Protocol: new(corev1.ProtocolTCP), Port: new(intstr.FromString(cluster.PortName))}},
			}},
		},
	})
}
