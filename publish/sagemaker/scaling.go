package sagemaker

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/deployfile/deployfile/manifests"
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
	return r.checkWake(endpoint, same)
}

// retains reports whether an update keeps the number of instances: autoscaling has set it.
// Where it may be 0, nothing would show that the new release works.
func retains(from, to *requests) bool {
	return from != nil && from.scaling != nil && to.keeps()
}

func (r *requests) keeps() bool { return r.scaling != nil && r.wake == nil }

// scales is what there may be of autoscaling.
type scales struct{ any, wake bool }

func (r *requests) scales() scales {
	if r == nil {
		return scales{}
	}
	return scales{r.scaling != nil, r.wake != nil}
}

func (s scales) or(other scales) scales { return scales{s.any || other.any, s.wake || other.wake} }

// retainsOf is retains for an update back to a revision.
func (c *connection) retainsOf(r *publish.Record) bool {
	if r == nil {
		return false
	}
	q, err := c.parse(r.Documents)
	return err == nil && q.keeps()
}

// anyScaling returns what the revisions have of autoscaling.
func (c *connection) anyScaling(records []publish.Record) (out scales) {
	for _, r := range records {
		out = out.or(scalesOf(r.Documents))
	}
	return out
}

func scalesOf(documents []manifests.Document) scales {
	return scales{has(documents, spec.DocumentScaling), has(documents, spec.DocumentWake)}
}

// pauseScaling ends the autoscaling of what has another type of instance, because SageMaker
// refuses that update otherwise. Switch begins it again.
func (r *rollout) pauseScaling(ctx context.Context) error {
	if r.previous == nil || r.previous.scaling == nil || r.previous.config.ProductionVariants[0].InstanceType == r.requests.config.ProductionVariants[0].InstanceType {
		return nil
	}
	return r.scale(ctx, nil, r.previous.scales())
}

// scale gives the endpoint the autoscaling that is asked for; without one, it ends what may
// be there, with its policy.
func (c *connection) scale(ctx context.Context, q *requests, there scales) error {
	if err := c.wakes(ctx, q, there); err != nil {
		return err
	}
	if q != nil && q.scaling != nil {
		if _, err := c.scaling.RegisterScalableTarget(ctx, q.scaling); err != nil {
			return refused("scale "+*q.scaling.ResourceId, err)
		}
		if _, err := c.scaling.PutScalingPolicy(ctx, q.policy); err != nil {
			return refused("scale "+*q.policy.ResourceId, err)
		}
		return c.wake(ctx, q)
	}
	if !there.any {
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
func (d *driver) addScaling(ctx context.Context, live map[string]map[string]any, may scales) error {
	if !may.any || live[spec.DocumentEndpoint] == nil {
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
	})
	if err != nil {
		return refused("describe the autoscaling of "+d.endpoint, err)
	}
	for _, p := range policies.ScalingPolicies {
		for name, document := range map[string]string{d.endpoint: spec.DocumentPolicy, spec.WakePolicy(d.endpoint): spec.DocumentWake} {
			if aws.ToString(p.PolicyName) == name {
				if live[document], err = tree(p); err != nil {
					return err
				}
			}
		}
	}
	return d.addAlarm(ctx, live, may)
}
