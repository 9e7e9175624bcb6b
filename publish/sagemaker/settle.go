package sagemaker

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	api "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"

	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/wait"
)

// goal is what an endpoint is to serve.
type goal struct {
	// config is the name of a configuration, "" for no endpoint.
	config string
	// record is the revision that has it, nil for one of somebody else.
	record *publish.Record
}

// asking remembers that an endpoint was asked to change.
type asking struct {
	// times is how often it was asked, seen whether it was seen to change since, and looks
	// how often it was not.
	times, looks int
	seen         bool
}

// now notes that the endpoint is asked.
func (a *asking) now() { a.times, a.looks, a.seen = a.times+1, 0, false }

// waits reports whether an endpoint that looks as before may not show yet that it changes.
func (a *asking) waits() bool {
	if a.times == 0 || a.seen || a.looks >= looks/4 {
		return false
	}
	a.looks++
	return true
}

// goalOf returns the goal that a revision is served, or nothing for nil.
func (c *connection) goalOf(r *publish.Record) goal {
	if r == nil {
		return goal{}
	}
	return goal{c.configName(r.Number), r}
}

// settle brings the endpoint to a goal, and waits until SageMaker has done so. It waits for
// what is under way first, because SageMaker cannot end that early. An endpoint that may
// not be touched is left alone.
func (d *driver) settle(ctx context.Context, to goal, may func(*api.DescribeEndpointOutput) bool, say func(string)) error {
	asked, said := asking{}, ""
	for {
		e, err := d.look(ctx)
		if err != nil {
			return err
		}
		done, err := d.step(ctx, e, to, may, &asked)
		if done || err != nil {
			return err
		}
		if e != nil && said != string(e.EndpointStatus) {
			said = string(e.EndpointStatus)
			say(fmt.Sprintf("endpoint %s is %s", d.endpoint, said))
		}
		if err := wait.For(ctx, d.poll); err != nil {
			return err
		}
	}
}

// step does one step of settle. Asked is whether an update was asked for.
func (d *driver) step(ctx context.Context, e *api.DescribeEndpointOutput, to goal, may func(*api.DescribeEndpointOutput) bool, asked *asking) (done bool, err error) {
	switch {
	case e == nil && to.record == nil:
		return true, nil
	case e == nil:
		return false, d.recreate(ctx, *to.record)
	case underWay(e):
		asked.seen = true
		return false, nil
	case !may(e):
		return true, nil
	case to.config == "" || e.EndpointStatus == types.EndpointStatusFailed:
		return false, d.remove(ctx)
	case aws.ToString(e.EndpointConfigName) == to.config:
		return true, nil
	case asked.waits():
		return false, nil
	case asked.times > 0:
		return false, fmt.Errorf("endpoint %s does not go back to %s: %s", d.endpoint, to.config, aws.ToString(e.FailureReason))
	}
	asked.now()
	retain := d.retainsOf(to.record)
	err = d.update(ctx, to.config, nil, retain)
	if missing(err) && to.record != nil {
		// Somebody has deleted the configuration.
		if err = d.makeAgain(ctx, *to.record); err == nil {
			err = d.update(ctx, to.config, nil, retain)
		}
	}
	return false, err
}

// recreate makes the endpoint of a revision that was there.
func (d *driver) recreate(ctx context.Context, r publish.Record) error {
	q, err := d.parse(r.Documents)
	if err != nil {
		return err
	}
	if err := d.objects(ctx, q, r); err != nil {
		return err
	}
	return d.create(ctx, q, r.Number)
}

// makeAgain makes what is missing of a revision that was deployed.
func (d *driver) makeAgain(ctx context.Context, r publish.Record) error {
	q, err := d.parse(r.Documents)
	if err != nil {
		return err
	}
	return d.objects(ctx, q, r)
}

// tagEndpoint gives the endpoint the tags of a revision in the place of another's: an
// update does not change them.
func (d *driver) tagEndpoint(ctx context.Context, q, was *requests) error {
	wanted := map[string]bool{}
	for _, t := range q.endpoint.Tags {
		wanted[aws.ToString(t.Key)] = true
	}
	var gone []string
	if was != nil {
		for _, t := range was.endpoint.Tags {
			if !wanted[aws.ToString(t.Key)] {
				gone = append(gone, aws.ToString(t.Key))
			}
		}
	}
	if len(wanted) == 0 && len(gone) == 0 {
		return nil
	}
	e, err := d.look(ctx)
	if err != nil || e == nil {
		return err
	}
	if len(wanted) > 0 {
		_, err = d.api.AddTags(ctx, &api.AddTagsInput{ResourceArn: e.EndpointArn, Tags: q.endpoint.Tags})
	}
	if err == nil && len(gone) > 0 {
		_, err = d.api.DeleteTags(ctx, &api.DeleteTagsInput{ResourceArn: e.EndpointArn, TagKeys: gone})
	}
	return refusedUnlessNil("tag endpoint "+d.endpoint, err)
}

// objects makes the next model and the configuration of a record, unless they are there.
func (d *driver) objects(ctx context.Context, q *requests, r publish.Record) error {
	mark := []types.Tag{tagOf(records().Attempt(), r.Attempt)}
	if q.next != nil {
		in := d.nextRequest(q, r.Number, mark)
		if _, err := d.api.CreateModel(ctx, in); err != nil && !exists(err) {
			return refused("create model "+*in.ModelName, err)
		}
	}
	in := d.configRequest(q, r.Number, mark)
	return d.seen(ctx, func() error {
		_, err := d.api.CreateEndpointConfig(ctx, in)
		if exists(err) {
			return nil
		}
		return refusedUnlessNil("create configuration "+*in.EndpointConfigName, err)
	})
}

// create asks for the endpoint. A new configuration is not seen everywhere at once.
func (d *driver) create(ctx context.Context, q *requests, number int) error {
	in := *q.endpoint
	in.EndpointConfigName = aws.String(d.configName(number))
	return d.seen(ctx, func() error {
		_, err := d.api.CreateEndpoint(ctx, &in)
		if exists(err) {
			return nil
		}
		return refusedUnlessNil("create endpoint "+d.endpoint, err)
	})
}

// update asks for another configuration, and how to get there; nil is all at once. With
// retain the variants keep their number of instances. If the endpoint is being changed
// already, it may be this change, whose answer was lost: whoever waits compares the
// configuration.
func (d *driver) update(ctx context.Context, config string, how *types.DeploymentConfig, retain bool) error {
	in := &api.UpdateEndpointInput{EndpointName: aws.String(d.endpoint), EndpointConfigName: aws.String(config), DeploymentConfig: how}
	if retain {
		in.RetainAllVariantProperties = aws.Bool(true)
		in.ExcludeRetainedVariantProperties = []types.VariantProperty{
			{VariantPropertyType: types.VariantPropertyTypeDesiredWeight}, {VariantPropertyType: types.VariantPropertyTypeDataCaptureConfig},
		}
	}
	return d.seen(ctx, func() error {
		_, err := d.api.UpdateEndpoint(ctx, in)
		if changing(err) {
			return nil
		}
		return refusedUnlessNil("update endpoint "+d.endpoint, err)
	})
}

// remove asks for the endpoint's end.
func (d *driver) remove(ctx context.Context) error {
	_, err := d.api.DeleteEndpoint(ctx, &api.DeleteEndpointInput{EndpointName: aws.String(d.endpoint)})
	if missing(err) || changing(err) {
		return nil
	}
	return refusedUnlessNil("delete endpoint "+d.endpoint, err)
}

// looks is how often something that was just made is looked for.
const looks = 12

// seen repeats what fails because a new model or configuration is not seen everywhere yet.
func (d *driver) seen(ctx context.Context, do func() error) error {
	for n := 1; ; n++ {
		err := do()
		if !missing(err) || n >= looks {
			return err
		}
		if wait.For(ctx, min(d.poll, poll/5)) != nil {
			return err
		}
	}
}

func refusedUnlessNil(what string, err error) error {
	if err == nil {
		return nil
	}
	return refused(what, err)
}
