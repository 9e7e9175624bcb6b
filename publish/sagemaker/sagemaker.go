// Package sagemaker deploys to endpoints of Amazon SageMaker. A revision is a model
// ENDPOINT-rN, whose tags have the record, with a configuration of the same name. The
// endpoint is updated from one configuration to the next.
package sagemaker

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	api "github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"github.com/deployfile/deployfile/deployfile"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/publish"
)

// Publisher is an endpoint of SageMaker.
type Publisher struct {
	*publish.Engine
	*connection
}

var (
	_ publish.Publisher = (*Publisher)(nil)
	_ publish.Host      = (*Publisher)(nil)
)

// Options select the endpoint.
type Options struct {
	// Target is the target, with its endpoint's name.
	Target deployfile.Target
}

// connection is a connection to the services of an account in a region.
type connection struct {
	api     *api.Client
	logs    *cloudwatchlogs.Client
	ecr     *ecr.Client
	storage *s3.Client
	scaling *applicationautoscaling.Client
	alarms  *cloudwatch.Client
	config  aws.Config

	target, endpoint, region string
	storageURL               string
	// keys are those of the target.
	keys             *spec.Spec
	batch            batchKeys
	instanceType     string
	createRepository bool
	repository       string
	// poll is the pause between two looks at the endpoint.
	poll time.Duration
}

// batchKeys are those of a batch.
type batchKeys struct {
	instanceType string
	instances    int
	kmsKey       *string
	tags         []types.Tag
}

func batchOf(s *spec.Spec) batchKeys {
	out := batchKeys{instanceType: s.BatchType(), instances: s.BatchInstances(), tags: tagList(s.ResourceTags)}
	if s.KMSKey != "" {
		out.kmsKey = aws.String(s.KMSKey)
	}
	return out
}

// poll is how often an endpoint that changes is looked at. SageMaker throttles clients that
// ask more often.
const poll = 10 * time.Second

// Open connects to the endpoint of a target. The credentials are those of the AWS command
// line: of the environment, its configuration, or the machine.
func Open(ctx context.Context, o Options) (*Publisher, error) {
	return open(ctx, o, poll, func(c *aws.Config) {
		c.Retryer = func() aws.Retryer {
			return retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
				o.StandardOptions = append(o.StandardOptions, func(o *retry.StandardOptions) { o.MaxAttempts = attempts })
			})
		}
	})
}

// attempts is how often a request is sent that was throttled or lost.
const attempts = 8

func open(ctx context.Context, o Options, poll time.Duration, change func(*aws.Config)) (*Publisher, error) {
	keys, err := deployfile.Of[*spec.Spec](o.Target)
	if err != nil {
		return nil, err
	}
	region := keys.RegionOf(o.Target.Image)
	// What the library logs, it writes to the terminal as it is.
	options := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{})}
	if region != "" {
		options = append(options, config.WithRegion(region))
	}
	if keys.Profile != "" {
		options = append(options, config.WithSharedConfigProfile(keys.Profile))
	}
	c, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("configuration of AWS: %w", err)
	}
	if c.Region == "" {
		return nil, fmt.Errorf("the region is not known: set region or image in [targets.%s], or AWS_REGION", o.Target.Name)
	}
	if change != nil {
		change(&c)
	}
	if keys.AssumeRole != "" {
		c.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(c), keys.AssumeRole, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = "deployfile"
		}))
	}
	conn := &connection{
		api: api.NewFromConfig(c), logs: cloudwatchlogs.NewFromConfig(c), ecr: ecr.NewFromConfig(c), storage: openStorage(c), scaling: applicationautoscaling.NewFromConfig(c), alarms: cloudwatch.NewFromConfig(c), config: c,
		target: o.Target.Name, keys: keys, storageURL: keys.Storage, batch: batchOf(keys),
		endpoint: o.Target.Endpoint, region: c.Region, instanceType: keys.InstanceType, createRepository: keys.CreateRepository, repository: o.Target.Image, poll: poll,
	}
	s := &store{connection: conn, arns: map[string]string{}, done: map[string]publish.Record{}, own: map[int]types.ModelSummary{}}
	return &Publisher{publish.NewEngine(o.Target.Endpoint, s, &driver{connection: conn}), conn}, nil
}

// Platforms implements publish.Host.
func (c *connection) Platforms(context.Context) ([]string, error) {
	return []string{spec.Platform(c.instanceType)}, nil
}
