package sagemaker

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
)

// checkScaling checks what a record asks for: the autoscaling of this endpoint alone.
func (r *requests) checkScaling(endpoint string) error {
	if (r.scaling == nil) != (r.policy == nil) {
		return errors.New("the documents have only one half of an autoscaling")
	}
	if r.scaling == nil {
		return nil
	}
	resource := spec.ScalingResource(endpoint)
	same := func(space types.ServiceNamespace, id *string, d types.ScalableDimension) bool {
		return space == types.ServiceNamespaceSagemaker && aws.ToString(id) == resource && d == types.ScalableDimensionSageMakerVariantDesiredInstanceCount
	}
	if !same(r.scaling.ServiceNamespace, r.scaling.ResourceId, r.scaling.ScalableDimension) || r.scaling.RoleARN != nil ||
		!same(r.policy.ServiceNamespace, r.policy.ResourceId, r.policy.ScalableDimension) || aws.ToString(r.policy.PolicyName) != endpoint {
		return fmt.Errorf("the documents scale something other than %s", resource)
	}
	return nil
}

// retains reports whether an update keeps the number of instances: autoscaling has set it.
func retains(from, to *requests) bool {
	return from != nil && from.scaling != nil && to.scaling != nil
}

// retainsOf is retains for an update back to a revision.
func (c *connection) retainsOf(r *publish.Record) bool {
	if r == nil {
		return false
	}
	q, err := c.parse(r.Documents)
	return err == nil && q.scaling != nil
}

// anyScaling reports whether a revision has autoscaling.
func (c *connection) anyScaling(records []publish.Record) bool {
	for _, r := range records {
		if has(r.Documents, spec.DocumentScaling) {
			return true
		}
	}
	return false
}

// pauseScaling ends the autoscaling of what has another type of instance, because SageMaker
// refuses that update otherwise. Switch begins it again.
func (r *rollout) pauseScaling(ctx context.Context) error {
	if r.previous == nil || r.previous.scaling == nil || r.previous.config.ProductionVariants[0].InstanceType == r.requests.config.ProductionVariants[0].InstanceType {
		return nil
	}
	return r.scale(ctx, nil, true)
}

// scale gives the endpoint the autoscaling that is asked for; without one, it ends what may
// be there, with its policy.
func (c *connection) scale(ctx context.Context, q *requests, there bool) error {
	if q != nil && q.scaling != nil {
		if _, err := c.scaling.RegisterScalableTarget(ctx, q.scaling); err != nil {
			return refused("scale "+*q.scaling.ResourceId, err)
		}
		_, err := c.scaling.PutScalingPolicy(ctx, q.policy)
		return refusedUnlessNil("scale "+*q.policy.ResourceId, err)
	}
	if !there {
		return nil
	}
	_, err := c.scaling.DeregisterScalableTarget(ctx, &applicationautoscaling.DeregisterScalableTargetInput{
		ResourceId: aws.String(spec.ScalingResource(c.endpoint)), ScalableDimension: types.ScalableDimensionSageMakerVariantDesiredInstanceCount, ServiceNamespace: types.ServiceNamespaceSagemaker,
	})
	var none *types.ObjectNotFoundException
	if errors.As(err, &none) {
		return nil
	}
	return refusedUnlessNil("end the autoscaling of "+c.endpoint, err)
}

// addScaling adds the autoscaling that is there to what the endpoint has, if there may be
// one: not everybody may ask.
func (d *driver) addScaling(ctx context.Context, live map[string]map[string]any, may bool) error {
	if !may || live[spec.DocumentEndpoint] == nil {
		return nil
	}
	resource := spec.ScalingResource(d.endpoint)
	targets, err := d.scaling.DescribeScalableTargets(ctx, &applicationautoscaling.DescribeScalableTargetsInput{
		ServiceNamespace: types.ServiceNamespaceSagemaker, ResourceIds: []string{resource}, ScalableDimension: types.ScalableDimensionSageMakerVariantDesiredInstanceCount,
	})
	if err != nil {
		return refused("describe the autoscaling of "+d.endpoint, err)
	}
	if len(targets.ScalableTargets) == 0 {
		return nil
	}
	if live[spec.DocumentScaling], err = tree(targets.ScalableTargets[0]); err != nil {
		return err
	}
	policies, err := d.scaling.DescribeScalingPolicies(ctx, &applicationautoscaling.DescribeScalingPoliciesInput{
		ServiceNamespace: types.ServiceNamespaceSagemaker, ResourceId: aws.String(resource), ScalableDimension: types.ScalableDimensionSageMakerVariantDesiredInstanceCount,
		PolicyNames: []string{d.endpoint},
	})
	if err != nil {
		return refused("describe the autoscaling of "+d.endpoint, err)
	}
	if len(policies.ScalingPolicies) > 0 {
		live[spec.DocumentPolicy], err = tree(policies.ScalingPolicies[0])
	}
	return err
}
