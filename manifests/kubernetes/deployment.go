package kubernetes

import (
	"maps"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// deployments adds a Deployment for each slot, rendered from the slot's own release, so
// that a release beside the live one restarts nothing of it.
func (c state) deployments() error {
	for _, slot := range c.State.Slots() {
		d, err := c.deployment(slot)
		if err != nil {
			return err
		}
		if err := c.Add(slot, d); err != nil {
			return err
		}
	}
	return nil
}

func (c state) deployment(s manifests.Slot) (*appsv1.Deployment, error) {
	if err := cluster.CheckModelImage(s.Release); err != nil {
		return nil, err
	}
	container, err := cluster.ServerContainer(s.Release)
	if err != nil {
		return nil, err
	}
	pod := cluster.PodSpec(s.Release, container)
	pod.TerminationGracePeriodSeconds = new(int64(cluster.GracePeriod))
	for _, key := range specOf(s.Release).TopologySpread {
		pod.TopologySpreadConstraints = append(pod.TopologySpreadConstraints, corev1.TopologySpreadConstraint{
			MaxSkew:           1,
			TopologyKey:       key,
			WhenUnsatisfiable: corev1.ScheduleAnyway,
			LabelSelector:     &metav1.LabelSelector{MatchLabels: cluster.TrackSelector(s)},
			// The pods that a rollout replaces do not count.
			MatchLabelKeys: []string{appsv1.DefaultDeploymentUniqueLabelKey},
		})
	}
	podLabels := maps.Clone(cluster.TrackLabels(s))
	podLabels[cluster.LabelSlot] = c.SlotOf(s)
	return &appsv1.Deployment{
		TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{
			Name: c.Name(s), Namespace: cluster.PodOf(s.Release).Namespace, Labels: cluster.TrackLabels(s), Annotations: cluster.Annotations(s.Release),
		},
		Spec: appsv1.DeploymentSpec{
			Replicas: c.scale(s).fixed,
			// A selector is immutable, so it has only the labels that distinguish the
			// slots.
			Selector: &metav1.LabelSelector{MatchLabels: cluster.TrackSelector(s)},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: podLabels}, Spec: pod},
			Strategy: appsv1.DeploymentStrategy{
				Type: appsv1.RollingUpdateDeploymentStrategyType,
				RollingUpdate: &appsv1.RollingUpdateDeployment{
					MaxUnavailable: new(intstr.FromInt32(0)), MaxSurge: new(intstr.FromInt32(1)),
				},
			},
			RevisionHistoryLimit: new(int32(2)),
			// Pulling an image takes minutes, too.
			ProgressDeadlineSeconds: new(int32(cluster.StartupSeconds + 300)),
		},
	}, nil
}
