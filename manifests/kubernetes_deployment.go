package manifests

import (
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// deployments adds one for each slot. A slot's is rendered from its own
// release, so that nothing that is tried beside the live one restarts it.
func deployments(c *cluster) error {
	for _, slot := range c.state.slots() {
		d, err := c.deployment(slot)
		if err != nil {
			return err
		}
		if err := c.add(slot, d); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) deployment(s Slot) (*appsv1.Deployment, error) {
	if err := checkModelImage(s.Release); err != nil {
		return nil, err
	}
	container, err := serverContainer(s.Release)
	if err != nil {
		return nil, err
	}
	pod := podSpec(s.Release, container)
	pod.TerminationGracePeriodSeconds = new(int64(drainSeconds + 30))
	for _, key := range s.Target.TopologySpread {
		pod.TopologySpreadConstraints = append(pod.TopologySpreadConstraints, corev1.TopologySpreadConstraint{
			MaxSkew:           1,
			TopologyKey:       key,
			WhenUnsatisfiable: corev1.ScheduleAnyway,
			LabelSelector:     &metav1.LabelSelector{MatchLabels: trackSelector(s)},
			// The pods that a rollout replaces do not count.
			MatchLabelKeys: []string{appsv1.DefaultDeploymentUniqueLabelKey},
		})
	}
	podLabels := maps.Clone(trackLabels(s))
	podLabels[labelSlot] = c.slotOf(s)
	return &appsv1.Deployment{
		TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{
			Name: c.name(s), Namespace: s.Target.Namespace, Labels: trackLabels(s), Annotations: annotations(s.Release),
		},
		Spec: appsv1.DeploymentSpec{
			Replicas: c.scale(s).fixed,
			// A selector can never be changed: it has only what tells the slots apart.
			Selector: &metav1.LabelSelector{MatchLabels: trackSelector(s)},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: podLabels}, Spec: pod},
			Strategy: appsv1.DeploymentStrategy{
				Type: appsv1.RollingUpdateDeploymentStrategyType,
				RollingUpdate: &appsv1.RollingUpdateDeployment{
					MaxUnavailable: new(intstr.FromInt32(0)), MaxSurge: new(intstr.FromInt32(1)),
				},
			},
			RevisionHistoryLimit: new(int32(2)),
			// An image takes minutes to pull, too.
			ProgressDeadlineSeconds: new(int32(startupSeconds + 300)),
		},
	}, nil
}
