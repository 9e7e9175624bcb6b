package sagemaker

import "github.com/deployfile/deployfile/manifests/internal/clouds"

// A backlog for each instance says nothing without instances: an alarm that something waits
// starts the first one.
type (
	steps struct {
		AdjustmentType        string
		MetricAggregationType string
		Cooldown              int
		StepAdjustments       []step
	}
	step struct {
		MetricIntervalLowerBound int
		ScalingAdjustment        int
	}
	queueAlarm struct {
		AlarmName          string
		AlarmDescription   string
		Namespace          string
		MetricName         string
		Dimensions         []dimension
		Statistic          string
		Period             int
		EvaluationPeriods  int
		DatapointsToAlarm  int
		Threshold          int
		ComparisonOperator string
		TreatMissingData   string
	}
)

// WakePolicy returns the name of the policy that starts the first instance of an endpoint,
// and AlarmName that of the alarm that calls it: those of an account share one space.
func WakePolicy(endpoint string) string { return endpoint + "-wake" }

// AlarmName is described with WakePolicy.
func AlarmName(endpoint string) string { return "deployfile/sagemaker/" + endpoint }

// addWake adds the documents by which an endpoint without instances starts one. Whoever
// deploys them adds the ARN of the policy to the alarm.
func (s *Spec) addWake(out *clouds.Documents, name string) error {
	policy := scalingPolicy{WakePolicy(name), ScalingNamespace, ScalingResource(name), ScalingDimension, "StepScaling", nil, &steps{
		AdjustmentType: "ChangeInCapacity", MetricAggregationType: "Average", Cooldown: secondsOf(s.Autoscale.ScaleOutWait),
		StepAdjustments: []step{{MetricIntervalLowerBound: 0, ScalingAdjustment: 1}},
	}}
	if err := out.Add(DocumentWake, policy); err != nil {
		return err
	}
	return out.Add(DocumentAlarm, queueAlarm{
		AlarmName: AlarmName(name), AlarmDescription: "requests wait, and " + name + " has no instance",
		Namespace: "AWS/SageMaker", MetricName: "HasBacklogWithoutCapacity", Dimensions: []dimension{{"EndpointName", name}},
		Statistic: "Average", Period: 60, EvaluationPeriods: 2, DatapointsToAlarm: 2, Threshold: 1,
		ComparisonOperator: "GreaterThanOrEqualToThreshold", TreatMissingData: "missing",
	})
}
