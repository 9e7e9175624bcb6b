package sagemaker

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	spec "github.com/deployfile/deployfile/manifests/sagemaker"
)

// checkWake checks what a record asks for: the alarm of this endpoint alone, which calls
// nothing but what wake adds.
func (r *requests) checkWake(endpoint string, same func(types.ServiceNamespace, *string, types.ScalableDimension) bool) error {
	if (r.wake == nil) != (r.alarm == nil) {
		return errors.New("the documents have only one half of what starts an instance")
	}
	if r.wake == nil {
		return nil
	}
	if !same(r.wake.ServiceNamespace, r.wake.ResourceId, r.wake.ScalableDimension) || aws.ToString(r.wake.PolicyName) != spec.WakePolicy(endpoint) ||
		aws.ToString(r.alarm.AlarmName) != spec.AlarmName(endpoint) || len(r.alarm.AlarmActions)+len(r.alarm.OKActions)+len(r.alarm.InsufficientDataActions) > 0 {
		return fmt.Errorf("the documents have an alarm of something other than %s", endpoint)
	}
	return nil
}

// wake has an alarm start the first instance, if none need be there.
func (c *connection) wake(ctx context.Context, q *requests) error {
	if q.wake == nil {
		return nil
	}
	made, err := c.scaling.PutScalingPolicy(ctx, q.wake)
	if err != nil {
		return refused("scale "+*q.wake.ResourceId, err)
	}
	in := *q.alarm
	in.AlarmActions = []string{aws.ToString(made.PolicyARN)}
	_, err = c.alarms.PutMetricAlarm(ctx, &in)
	return refusedUnlessNil("set alarm "+*in.AlarmName, err)
}

// wakes removes the alarm and its policy, if there may be some that are not asked for.
func (c *connection) wakes(ctx context.Context, q *requests, there scales) error {
	if !there.wake || q.scales().wake {
		return nil
	}
	name := spec.AlarmName(c.endpoint)
	_, err := c.alarms.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{name}})
	var none *cloudwatchtypes.ResourceNotFound
	if err != nil && !errors.As(err, &none) {
		return refused("delete alarm "+name, err)
	}
	if !q.scales().any {
		return nil // the policy goes with its target
	}
	_, err = c.scaling.DeleteScalingPolicy(ctx, &applicationautoscaling.DeleteScalingPolicyInput{
		PolicyName: aws.String(spec.WakePolicy(c.endpoint)), ResourceId: aws.String(spec.ScalingResource(c.endpoint)),
		ScalableDimension: types.ScalableDimensionSageMakerVariantDesiredInstanceCount, ServiceNamespace: types.ServiceNamespaceSagemaker,
	})
	var gone *types.ObjectNotFoundException
	if errors.As(err, &gone) {
		return nil
	}
	return refusedUnlessNil("end the autoscaling of "+c.endpoint, err)
}

// addAlarm adds the alarm that is there to what the endpoint has.
func (d *driver) addAlarm(ctx context.Context, live map[string]map[string]any, may scales) error {
	if !may.wake {
		return nil
	}
	alarms, err := d.alarms.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{spec.AlarmName(d.endpoint)}})
	if err != nil {
		return refused("describe alarm "+spec.AlarmName(d.endpoint), err)
	}
	if len(alarms.MetricAlarms) > 0 {
		live[spec.DocumentAlarm], err = tree(alarms.MetricAlarms[0])
	}
	return err
}
