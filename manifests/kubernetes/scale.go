package kubernetes

import (
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// scale is a number of pods: fixed, or between two bounds.
type scale struct {
	fixed    *int32
	min, max int32
}

func fixedScale(replicas int) scale { return scale{fixed: new(int32(replicas))} }

// scale returns the number of pods of a slot. With a route that splits the traffic, a
// canary is as large as its weight requires; without one, its share of the pods is its
// weight.
func (c state) scale(s manifests.Slot) scale {
	spec := specOf(s.Release)
	replicas, low, high := spec.Replicas, 0, 0
	if a := spec.Autoscale; a != nil {
		low, high = a.Min, a.Max
	}
	if _, ok := c.Canary(); ok && s.Track == manifests.TrackCanary {
		if spec.HTTPRoute == nil {
			live := specOf(c.State.Live.Release)
			beside := live.Replicas
			if a := live.Autoscale; a != nil {
				beside = a.Min
			}
			return fixedScale(besideFor(beside, spec.Weight))
		}
		replicas, low, high = shareOf(replicas, spec.Weight), shareOf(low, spec.Weight), shareOf(high, spec.Weight)
	}
	if spec.Autoscale == nil {
		return fixedScale(replicas)
	}
	return scale{min: int32(low), max: int32(high)}
}

// besideFor returns how many pods, beside the given ones, get about the weight, in
// percent, of requests that are spread evenly over all pods; at least 1.
func besideFor(pods, weight int) int {
	if weight >= 100 {
		return max(1, pods)
	}
	rest := 100 - weight
	return max(1, (pods*weight+rest/2)/rest)
}

// shareOf returns how many pods can handle the weight, in percent, of the load of the
// given ones; at least 1.
func shareOf(pods, weight int) int { return max(1, (pods*weight+99)/100) }

// autoscalers adds a HorizontalPodAutoscaler for each slot with the key autoscale.
func (c state) autoscalers() error {
	for _, slot := range c.State.Slots() {
		scale := c.scale(slot)
		if scale.fixed != nil {
			continue
		}
		if err := c.Add(slot, &autoscalingv2.HorizontalPodAutoscaler{
			TypeMeta:   metav1.TypeMeta{APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler"},
			ObjectMeta: metav1.ObjectMeta{Name: c.Name(slot), Namespace: cluster.PodOf(slot.Release).Namespace, Labels: cluster.TrackLabels(slot)},
			Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
				ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: c.Name(slot)},
				MinReplicas:    &scale.min,
				MaxReplicas:    scale.max,
				Metrics: []autoscalingv2.MetricSpec{{
					Type: autoscalingv2.ResourceMetricSourceType,
					Resource: &autoscalingv2.ResourceMetricSource{
						Name: corev1.ResourceCPU,
						Target: autoscalingv2.MetricTarget{
							Type: autoscalingv2.UtilizationMetricType, AverageUtilization: new(int32(specOf(slot.Release).Autoscale.CPU)),
						},
					},
				}},
			},
		}); err != nil {
			return err
		}
	}
	return nil
}
