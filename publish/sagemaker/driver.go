package sagemaker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
)

// driver is the publish.Driver of an endpoint.
type driver struct{ *connection }

var (
	_ publish.Driver = (*driver)(nil)
	_ publish.Slow   = (*driver)(nil)
)

// Limits implements publish.Slow. A fleet takes minutes to come up, and an endpoint that is
// being changed can neither be changed nor deleted until that has ended.
func (d *driver) Limits() publish.Limits {
	return publish.Limits{Ready: 45 * time.Minute, Cleanup: 90 * time.Minute}
}

// look returns the endpoint, nil if there is none.
func (c *connection) look(ctx context.Context) (*api.DescribeEndpointOutput, error) {
	e, err := c.api.DescribeEndpoint(ctx, &api.DescribeEndpointInput{EndpointName: aws.String(c.endpoint)})
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, refused("describe endpoint "+c.endpoint, err)
	}
	return e, nil
}

// underWay reports whether an endpoint is being changed.
func underWay(e *api.DescribeEndpointOutput) bool {
	switch e.EndpointStatus {
	case types.EndpointStatusCreating, types.EndpointStatusUpdating, types.EndpointStatusSystemUpdating,
		types.EndpointStatusRollingBack, types.EndpointStatusDeleting:
		return true
	}
	return false
}

// pendingOf returns the configuration that an endpoint is changing to, "" for none.
func pendingOf(e *api.DescribeEndpointOutput) string {
	if e.PendingDeploymentSummary == nil {
		return ""
	}
	return aws.ToString(e.PendingDeploymentSummary.EndpointConfigName)
}

// ours reports whether a configuration has the name of a revision of this endpoint.
func (c *connection) ours(config string) bool {
	_, ok := manifests.RevisionOfTag(c.endpoint, config)
	return ok
}

// conflict returns an error for an endpoint that something else has made or changed.
func (c *connection) conflict(e *api.DescribeEndpointOutput) *publish.ConflictError {
	if e == nil || c.ours(aws.ToString(e.EndpointConfigName)) {
		return nil
	}
	return &publish.ConflictError{
		Object:  "endpoint " + c.endpoint,
		Details: []string{fmt.Sprintf("it has the configuration %s, which is no revision's", aws.ToString(e.EndpointConfigName))},
	}
}

// Prepare implements publish.Driver.
func (d *driver) Prepare(ctx context.Context, p *publish.Plan) (publish.Rollout, error) {
	q, err := d.parse(p.Record.Documents)
	if err != nil {
		return nil, err
	}
	e, err := d.look(ctx)
	if err != nil {
		return nil, err
	}
	if conflict := d.conflict(e); conflict != nil && !p.Options.ForceConflicts {
		return nil, conflict
	}
	r := &rollout{driver: d, plan: p, requests: q, before: d.goalOf(p.Previous)}
	if e != nil && d.conflict(e) != nil && p.Previous == nil {
		// What somebody else has made is served again, if it is overwritten in vain.
		r.before = goal{config: aws.ToString(e.EndpointConfigName)}
	}
	if p.Previous != nil {
		if r.previous, err = d.parse(p.Previous.Documents); err != nil {
			return nil, fmt.Errorf("revision %d: %w", p.Previous.Number, err)
		}
	}
	r.scaled = r.previous.scales()
	// Only what is there can be scaled.
	p.MustWait = q.scaling != nil || r.scaled.any
	p.Stopped = e == nil || e.EndpointStatus == types.EndpointStatusFailed
	return r, nil
}

// Status implements publish.Driver.
func (d *driver) Status(ctx context.Context, records []publish.Record, newest *publish.Record) (*publish.Status, error) {
	e, err := d.look(ctx)
	if err != nil {
		return nil, err
	}
	s := &publish.Status{}
	if e == nil {
		if newest != nil {
			s.Message = "there is no endpoint " + d.endpoint + " any more"
		}
		return s, nil
	}
	for _, v := range append(slices.Clone(e.ProductionVariants), e.ShadowProductionVariants...) {
		s.Instances = append(s.Instances, instance(v, newest))
	}
	if newest == nil {
		return s, nil
	}
	s.Ready, s.Message = d.stands(e, d.configName(newest.Number))
	return s, nil
}

// stands reports whether an endpoint serves a configuration, and why not.
func (d *driver) stands(e *api.DescribeEndpointOutput, config string) (ready bool, message string) {
	has := aws.ToString(e.EndpointConfigName)
	switch {
	case e.EndpointStatus == types.EndpointStatusInService && has == config:
		return true, ""
	case e.EndpointStatus == types.EndpointStatusInService:
		message = fmt.Sprintf("it serves %s and not %s", has, config)
	default:
		message = fmt.Sprintf("it is %s", e.EndpointStatus)
	}
	if reason := aws.ToString(e.FailureReason); reason != "" {
		message += ": " + reason
	}
	return false, message
}

// instance describes a variant: SageMaker does not name its instances.
func instance(v types.ProductionVariantSummary, newest *publish.Record) publish.Instance {
	out := publish.Instance{Name: aws.ToString(v.VariantName)}
	if len(v.DeployedImages) > 0 {
		out.Image = aws.ToString(v.DeployedImages[0].SpecifiedImage)
	}
	if newest != nil && newest.State.Next != nil && out.Name == spec.VariantNext {
		out.Track = newest.State.Next.Track
	} else if newest != nil {
		out.Track = newest.State.Live.Track
	}
	has, wants := aws.ToInt32(v.CurrentInstanceCount), aws.ToInt32(v.DesiredInstanceCount)
	out.Ready = has >= wants
	if !out.Ready {
		out.Message = fmt.Sprintf("%d of %d instances", has, wants)
	}
	return out
}

// Removals implements publish.Driver. What a revision consists of is named by its record.
func (d *driver) Removals(ctx context.Context, records []publish.Record) ([]publish.Change, error) {
	var out []publish.Change
	e, err := d.look(ctx)
	if err != nil {
		return nil, err
	}
	if e != nil && d.ours(aws.ToString(e.EndpointConfigName)) {
		out = append(out, publish.Change{Action: "delete", Object: "endpoint " + d.endpoint})
	}
	if d.anyScaling(records).any {
		out = append(out, publish.Change{Action: "delete", Object: "autoscaling of " + d.endpoint})
	}
	if d.anyScaling(records).wake {
		out = append(out, publish.Change{Action: "delete", Object: "alarm " + spec.AlarmName(d.endpoint)})
	}
	for _, r := range records {
		for _, at := range d.dataOf(r) {
			if change := (publish.Change{Action: "delete", Object: "model data " + at.String()}); !slices.ContainsFunc(out, func(c publish.Change) bool { return c.Object == change.Object }) {
				out = append(out, change)
			}
		}
		out = append(out, publish.Change{Action: "delete", Object: "configuration " + d.configName(r.Number)})
		out = append(out, publish.Change{Action: "delete", Object: "model " + d.modelName(r.Number)})
		if r.State.Next != nil {
			out = append(out, publish.Change{Action: "delete", Object: "model " + d.nextName(r.Number)})
		}
	}
	return out, nil
}

// Delete implements publish.Driver: it deletes the endpoint and waits until that is gone,
// because configurations and models must not be deleted before. The image and the log stay.
func (d *driver) Delete(ctx context.Context, records []publish.Record) error {
	if err := d.scale(ctx, nil, d.anyScaling(records)); err != nil {
		return err
	}
	if err := d.settle(ctx, goal{}, func(e *api.DescribeEndpointOutput) bool { return d.conflict(e) == nil }, func(string) {}); err != nil {
		return err
	}
	return d.removeAllData(ctx, records)
}

// Close implements publish.Driver.
func (d *driver) Close() error { return nil }
