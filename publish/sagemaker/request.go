package sagemaker

import (
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	api "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"sigs.k8s.io/yaml"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
)

// requests are what the documents of a revision ask for. They have the endpoint's names.
type requests struct {
	// next is nil without a second release.
	live, next *api.CreateModelInput
	config     *api.CreateEndpointConfigInput
	endpoint   *api.CreateEndpointInput
	// scaling and policy are nil without autoscaling; wake and alarm start the first
	// instance of an endpoint that need not have one.
	scaling      *applicationautoscaling.RegisterScalableTargetInput
	policy, wake *applicationautoscaling.PutScalingPolicyInput
	alarm        *cloudwatch.PutMetricAlarmInput
}

// Limits of a document, which may come from a record.
const (
	documentSize  = 256 << 10
	documentNodes = 10_000
)

// parse decodes documents. Those of a record are untrusted: they may ask for nothing but
// this endpoint.
func (c *connection) parse(documents []manifests.Document) (*requests, error) {
	r := &requests{live: &api.CreateModelInput{}, config: &api.CreateEndpointConfigInput{}, endpoint: &api.CreateEndpointInput{}}
	for _, d := range documents {
		var into any
		switch d.Name {
		case spec.DocumentLive:
			into = r.live
		case spec.DocumentNext:
			r.next = &api.CreateModelInput{}
			into = r.next
		case spec.DocumentConfig:
			into = r.config
		case spec.DocumentEndpoint:
			into = r.endpoint
		case spec.DocumentScaling:
			r.scaling = &applicationautoscaling.RegisterScalableTargetInput{}
			into = r.scaling
		case spec.DocumentPolicy:
			r.policy = &applicationautoscaling.PutScalingPolicyInput{}
			into = r.policy
		case spec.DocumentWake:
			r.wake = &applicationautoscaling.PutScalingPolicyInput{}
			into = r.wake
		case spec.DocumentAlarm:
			r.alarm = &cloudwatch.PutMetricAlarmInput{}
			into = r.alarm
		default:
			return nil, fmt.Errorf("unknown document %q", d.Name)
		}
		if len(d.Body) > documentSize {
			return nil, &untrusted.TooLargeError{Name: d.Name, Limit: documentSize}
		}
		if err := untrusted.CheckYAML(d.Body, documentNodes); err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name, err)
		}
		if err := yaml.UnmarshalStrict(d.Body, into); err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name, err)
		}
	}
	return r, r.check(c.endpoint)
}

func (r *requests) check(endpoint string) error {
	variants := 1
	names := []*string{r.live.ModelName, r.config.EndpointConfigName, r.endpoint.EndpointName, r.endpoint.EndpointConfigName}
	for _, name := range names {
		if aws.ToString(name) != endpoint {
			return fmt.Errorf("the documents are for %q and not for %s", aws.ToString(name), endpoint)
		}
	}
	if err := r.checkScaling(endpoint); err != nil {
		return err
	}
	if r.next != nil {
		variants = 2
	}
	production, shadows := len(r.config.ProductionVariants), len(r.config.ShadowProductionVariants)
	if production == 0 || shadows > 1 || production+shadows != variants {
		return fmt.Errorf("the configuration has %d variants and %d that get copies, for %d models", production, shadows, variants)
	}
	return nil
}

// The names of what a revision consists of. SageMaker's objects cannot be changed, so each
// revision has its own.
func (c *connection) configName(number int) string {
	return manifests.RevisionTag(c.endpoint, number)
}

// modelName returns the name of the live model, which is the record's.
func (c *connection) modelName(number int) string { return manifests.RevisionTag(c.endpoint, number) }

// nextName returns the name of the next model. It has at most 62 characters.
func (c *connection) nextName(number int) string { return c.endpoint + "-n" + strconv.Itoa(number) }

// modelRequest returns the request that makes the live model.
func (c *connection) modelRequest(r *requests, number int, tags []types.Tag) *api.CreateModelInput {
	in := *r.live
	in.ModelName = aws.String(c.modelName(number))
	in.Tags = append(append([]types.Tag{}, in.Tags...), tags...)
	return &in
}

// nextRequest returns the request that makes the next model.
func (c *connection) nextRequest(r *requests, number int, tags []types.Tag) *api.CreateModelInput {
	in := *r.next
	in.ModelName = aws.String(c.nextName(number))
	in.Tags = append(append([]types.Tag{}, in.Tags...), tags...)
	return &in
}

// configRequest returns the request that makes the configuration.
func (c *connection) configRequest(r *requests, number int, tags []types.Tag) *api.CreateEndpointConfigInput {
	in := *r.config
	in.EndpointConfigName = aws.String(c.configName(number))
	in.Tags = append(append([]types.Tag{}, in.Tags...), tags...)
	in.ProductionVariants = append([]types.ProductionVariant{}, in.ProductionVariants...)
	for i := range in.ProductionVariants {
		v := &in.ProductionVariants[i]
		v.ModelName = aws.String(c.modelName(number))
		if i > 0 {
			v.ModelName = aws.String(c.nextName(number))
		}
	}
	in.ShadowProductionVariants = append([]types.ProductionVariant(nil), in.ShadowProductionVariants...)
	for i := range in.ShadowProductionVariants {
		in.ShadowProductionVariants[i].ModelName = aws.String(c.nextName(number))
	}
	return &in
}
