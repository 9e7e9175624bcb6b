package manifests

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// accounts adds the service account of each slot that makes one: the pods of
// either need theirs.
func accounts(c *cluster) error {
	var made []string
	slots := c.state.slots()
	// The newest says what an account is like that both make.
	slices.Reverse(slots)
	for _, slot := range slots {
		a := slot.Target.ServiceAccount
		if a == nil || !a.Create || slices.Contains(made, a.Name) {
			continue
		}
		if a.Name == "" {
			return fmt.Errorf("service-account has no name")
		}
		made = append(made, a.Name)
		meta := c.meta(a.Name)
		meta.Annotations = a.Annotations
		if err := c.add(slot, &corev1.ServiceAccount{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"}, ObjectMeta: meta,
		}); err != nil {
			return err
		}
	}
	return nil
}

// disruptionBudget adds how many of the pods that serve a drain must leave.
func disruptionBudget(c *cluster) error {
	least := c.newest.Target.DisruptionBudget
	if least == "" {
		return nil
	}
	return c.add(c.newest, &policyv1.PodDisruptionBudget{
		TypeMeta:   metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"},
		ObjectMeta: c.meta(c.endpoint()),
		Spec: policyv1.PodDisruptionBudgetSpec{
			MinAvailable: new(intstr.Parse(least)),
			Selector:     &metav1.LabelSelector{MatchLabels: c.slotSelector(c.state.Live)},
			// A pod that does not serve anyway holds up no drain.
			UnhealthyPodEvictionPolicy: new(policyv1.AlwaysAllow),
		},
	})
}

// networkPolicy adds who may send requests.
func networkPolicy(c *cluster) error {
	namespaces := c.newest.Target.NetworkPolicy
	if len(namespaces) == 0 {
		return nil
	}
	var from []networkingv1.NetworkPolicyPeer
	for _, namespace := range namespaces {
		selector := &metav1.LabelSelector{}
		if namespace != "*" {
			selector.MatchLabels = map[string]string{corev1.LabelMetadataName: namespace}
		}
		from = append(from, networkingv1.NetworkPolicyPeer{NamespaceSelector: selector})
	}
	return c.add(c.newest, &networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"},
		ObjectMeta: c.meta(c.endpoint()),
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{labelInstance: c.endpoint()}},
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			Ingress: []networkingv1.NetworkPolicyIngressRule{{
				From: from,
				// By its name: the slots may listen on different ports.
				Ports: []networkingv1.NetworkPolicyPort{{Protocol: new(corev1.ProtocolTCP), Port: new(intstr.FromString(portName))}},
			}},
		},
	})
}
