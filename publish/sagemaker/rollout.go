package sagemaker

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
)

// rollout is the publish.Rollout of a plan. SageMaker brings up a second fleet and moves
// the requests itself, so Start begins the update, and Switch changes the tags alone.
type rollout struct {
	*driver
	plan     *publish.Plan
	requests *requests
	// previous is what the previous revision asked for, nil without one; before is what
	// is served after a failure.
	previous *requests
	before   goal
	// scaled is what the endpoint may have of autoscaling that this revision does not have.
	scaled scales
	// asked is whether the endpoint was asked for this revision.
	asked asking
}

// Start implements publish.Rollout.
func (r *rollout) Start(ctx context.Context) error {
	if err := r.objects(ctx, r.requests, r.plan.Record); err != nil {
		return err
	}
	if err := r.drain(ctx); err != nil {
		return err
	}
	if err := r.pauseScaling(ctx); err != nil {
		return err
	}
	_, err := r.advance(ctx)
	return err
}

// drain takes the requests from a canary or preview that is given up, unless it gets copies
// alone: the update that ends it takes
// minutes. The live variant has the instances for all requests; a canary that is promoted
// does not.
func (r *rollout) drain(ctx context.Context) error {
	if r.previous == nil || len(r.previous.config.ProductionVariants) < 2 || r.requests.next != nil ||
		aws.ToString(r.previous.live.PrimaryContainer.Image) != aws.ToString(r.requests.live.PrimaryContainer.Image) {
		return nil
	}
	e, err := r.look(ctx)
	if err != nil || e == nil || underWay(e) || aws.ToString(e.EndpointConfigName) != r.configName(r.plan.Previous.Number) {
		return err
	}
	_, err = r.api.UpdateEndpointWeightsAndCapacities(ctx, &api.UpdateEndpointWeightsAndCapacitiesInput{
		EndpointName: aws.String(r.endpoint),
		DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{
			{VariantName: aws.String(spec.VariantLive), DesiredWeight: aws.Float32(1)},
			{VariantName: aws.String(spec.VariantNext), DesiredWeight: aws.Float32(0)},
		},
	})
	if err != nil {
		// The update does it later.
		r.plan.Options.Progress(refused("take the requests from the canary", err).Error())
	}
	return nil
}

// Ready implements publish.Rollout.
func (r *rollout) Ready(ctx context.Context) (publish.Readiness, error) { return r.advance(ctx) }

// advance looks at the endpoint, and asks for this revision as soon as SageMaker takes it.
// A failed update leaves an endpoint in service with what it had before.
func (r *rollout) advance(ctx context.Context) (publish.Readiness, error) {
	e, err := r.look(ctx)
	if err != nil {
		return publish.Readiness{}, err
	}
	config := r.configName(r.plan.Record.Number)
	out := publish.Readiness{Object: "endpoint " + r.endpoint, Next: r.poll}
	switch {
	case e == nil:
		r.asked.now()
		out.Message = "it is asked for"
		return out, r.create(ctx, r.requests, r.plan.Record.Number)
	case underWay(e):
		r.asked.seen = true
		_, out.Message = r.stands(e, config)
		return out, nil
	case e.EndpointStatus == types.EndpointStatusInService && aws.ToString(e.EndpointConfigName) == config:
		out.Ready = true
		return out, nil
	case r.asked.waits():
		out.Message = "it is asked for"
		return out, nil
	case r.asked.times > 0:
		reason := aws.ToString(e.FailureReason)
		if reason == "" {
			_, reason = r.stands(e, config)
		}
		return out, &publish.UnreadyError{Object: out.Object, Reason: reason}
	case e.EndpointStatus == types.EndpointStatusFailed:
		out.Message = "what failed before is deleted"
		return out, r.remove(ctx)
	}
	r.asked.now()
	out.Message = "it is asked for"
	return out, r.update(ctx, config, r.how(), retains(r.previous, r.requests))
}

// how returns how the instances are to be replaced. SageMaker takes that only between
// configurations with the same variants.
func (r *rollout) how() *types.DeploymentConfig {
	if r.requests.next != nil || r.previous == nil || r.previous.next != nil {
		return nil
	}
	return r.requests.endpoint.DeploymentConfig
}

// Switch implements publish.Rollout.
func (r *rollout) Switch(ctx context.Context) error {
	if err := r.tagEndpoint(ctx, r.requests, r.previous); err != nil {
		return err
	}
	return r.scale(ctx, r.requests, r.scaled)
}

// touched reports whether an endpoint is for this rollout to restore: one that somebody
// else has made, or that a later rollout has changed, is not.
func (r *rollout) touched(e *api.DescribeEndpointOutput) bool {
	number, ours := manifests.RevisionOfTag(r.endpoint, aws.ToString(e.EndpointConfigName))
	return ours && number <= r.plan.Record.Number || !ours && r.plan.Previous != nil
}

// Revert implements publish.Rollout. The engine deletes the record with its model and its
// configuration afterwards.
func (r *rollout) Revert(ctx context.Context) error {
	if r.previous == nil {
		// The end of an endpoint is not that of its autoscaling.
		if err := r.scale(ctx, nil, r.requests.scales()); err != nil {
			return err
		}
		return r.settle(ctx, r.before, r.touched, r.plan.Options.Progress)
	}
	if err := r.settle(ctx, r.before, r.touched, r.plan.Options.Progress); err != nil {
		return err
	}
	if err := r.tagEndpoint(ctx, r.previous, r.requests); err != nil {
		return err
	}
	return r.scale(ctx, r.previous, r.requests.scales())
}

// Recover implements publish.Rollout: the endpoint may use what the abandoned rollout has
// made, which can only be deleted when it no longer does.
func (r *rollout) Recover(ctx context.Context, left publish.Record) error {
	config := r.configName(left.Number)
	if q, err := r.parse(left.Documents); err == nil {
		r.scaled = r.scaled.or(q.scales())
	}
	e, err := r.look(ctx)
	if err != nil || e == nil {
		return err
	}
	if !underWay(e) && aws.ToString(e.EndpointConfigName) != config {
		return nil
	}
	r.plan.Options.Progress(fmt.Sprintf("waiting for endpoint %s, which an abandoned deployment has left %s", r.endpoint, e.EndpointStatus))
	return r.settle(ctx, r.goalOf(r.plan.Previous), func(e *api.DescribeEndpointOutput) bool {
		return aws.ToString(e.EndpointConfigName) == config
	}, r.plan.Options.Progress)
}

// Prune implements publish.Rollout. Earlier revisions cost nothing, and a rollback needs
// no more than them; the store deletes those that are too old.
func (r *rollout) Prune(context.Context) error { return nil }
