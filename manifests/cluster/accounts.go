package cluster

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AddAccounts adds the service account of each slot whose keys create one, for that
// slot's pods.
func (c *Objects) AddAccounts() error {
	var made []string
	slots := c.State.Slots()
	// If both create the same account, it follows the newest.
	slices.Reverse(slots)
	for _, slot := range slots {
		a := PodOf(slot.Release).ServiceAccount
		if a == nil || !a.Create || slices.Contains(made, a.Name) {
			continue
		}
		made = append(made, a.Name)
		meta := c.Meta(a.Name)
		meta.Annotations = a.Annotations
		if err := c.Add(slot, &corev1.ServiceAccount{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"}, ObjectMeta: meta,
		}); err != nil {
			return err
		}
	}
	return nil
}
