package manifests

import (
	"errors"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// scale is how many pods a slot has: a fixed number, or between two bounds.
type scale struct {
	fixed    *int32
	min, max int32
}

func fixedScale(replicas int) scale { return scale{fixed: new(int32(replicas))} }

// scale is that of a slot. A canary is as large as its share of the requests
// asks for; without a route that shares them out, its size is its share.
func (c *cluster) scale(s Slot) scale {
	replicas, low, high := s.Target.Replicas, 0, 0
	if a := s.Target.Autoscale; a != nil {
		low, high = a.Min, a.Max
	}
	if _, ok := c.canary(); ok && s.Track == trackCanary {
		weight := s.Target.Weight
		if s.Target.HTTPRoute == nil {
			beside := c.state.Live.Target.Replicas
			if a := c.state.Live.Target.Autoscale; a != nil {
				beside = a.Min
			}
			return fixedScale(besideFor(beside, weight))
		}
		replicas, low, high = shareOf(replicas, weight), shareOf(low, weight), shareOf(high, weight)
	}
	if s.Target.Autoscale == nil {
		return fixedScale(replicas)
	}
	return scale{min: int32(low), max: int32(high)}
}

// besideFor is how many pods beside the given ones get about the weight, in
// percent, of requests that are spread evenly over all; at least 1.
func besideFor(pods, weight int) int {
	if weight >= 100 {
		return max(1, pods)
	}
	rest := 100 - weight
	return max(1, (pods*weight+rest/2)/rest)
}

// shareOf is how many pods carry the weight, in percent, of what the given ones
// carry; at least 1.
func shareOf(pods, weight int) int { return max(1, (pods*weight+99)/100) }

// autoscalers adds one for each slot that is to follow the load.
func autoscalers(c *cluster) error {
	for _, slot := range c.state.slots() {
		scale := c.scale(slot)
		if scale.fixed != nil {
			continue
		}
		if slot.Target.Resources.CPU == "" {
			return errors.New("autoscale follows the use of the CPU that is asked for, and none is: set resources.cpu")
		}
		if err := c.add(slot, &autoscalingv2.HorizontalPodAutoscaler{
			TypeMeta:   metav1.TypeMeta{APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler"},
			ObjectMeta: metav1.ObjectMeta{Name: c.name(slot), Namespace: slot.Target.Namespace, Labels: trackLabels(slot)},
			Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
				ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: c.name(slot)},
				MinReplicas:    &scale.min,
				MaxReplicas:    scale.max,
				Metrics: []autoscalingv2.MetricSpec{{
					Type: autoscalingv2.ResourceMetricSourceType,
					Resource: &autoscalingv2.ResourceMetricSource{
						Name: corev1.ResourceCPU,
						Target: autoscalingv2.MetricTarget{
							Type: autoscalingv2.UtilizationMetricType, AverageUtilization: new(int32(slot.Target.Autoscale.CPU)),
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
