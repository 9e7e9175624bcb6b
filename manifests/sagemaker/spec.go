// Package sagemaker is the kind "sagemaker": a real-time, serverless or asynchronous
// endpoint of Amazon SageMaker. Its documents are the bodies of the requests that make one.
package sagemaker

import (
	_ "embed" // for the doc comments

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
)

//go:embed spec.go
var source string

// Kind returns the kind. SageMaker takes no OCI media types and no index.
func Kind() deployfile.Kind {
	return deployfile.Kind{
		Name:    "sagemaker",
		Summary: "an endpoint of Amazon SageMaker",
		New:     func() deployfile.Spec { return new(Spec) },
		Sources: append(manifests.Sources(), source, guardedSource, batchSource, autoscaleSource, asyncSource),
		Formats: formats(),
		Image:   deployfile.ImageNeed{Formats: []string{deployfile.FormatDockerManifest}},
		Verbs:   []deployfile.Verb{deployfile.VerbPredict, deployfile.VerbTrack, deployfile.VerbOpen, deployfile.VerbLogs, deployfile.VerbBatch, deployfile.VerbPromote},
	}
}

// Spec has the keys of the kind.
type Spec struct {
	// Region is the AWS region; the default is that of the image's repository, and it
	// must be the same.
	Region string `toml:"region" json:"region,omitzero" format:"region"`
	// CreateRepository makes the repository of the image, unless it is there.
	CreateRepository bool `toml:"create-repository" json:"create-repository,omitzero" default:"false"`
	// Profile is the profile of the AWS configuration whose credentials are used.
	Profile string `toml:"profile" json:"profile,omitzero" format:"profile"`
	// AssumeRole is the ARN of a role to assume for all requests.
	AssumeRole string `toml:"assume-role" json:"assume-role,omitzero" format:"role"`
	// ExecutionRole is the ARN of the role that SageMaker assumes to pull the image and
	// to write the log. It is required.
	ExecutionRole string `toml:"execution-role" json:"execution-role" format:"role" required:"it is the role by which SageMaker pulls the image" example:"execution-role = \"arn:aws:iam::123456789012:role/SageMakerExecution\""`
	deployfile.ServerEnv
	// InstanceType is what an instance runs on, such as "ml.m5.large"; this or
	// serverless is required.
	InstanceType string `toml:"instance-type" json:"instance-type,omitzero" format:"instance-type"`
	// Replicas is how many instances run, 1 by default.
	Replicas int `toml:"replicas" json:"replicas,omitzero" min:"1" default:"1"`
	manifests.Rollout
	// Mirror is the share of the requests, in percent, of which the preview of strategy
	// "blue-green" gets copies; the default is none. Its answers to them are dropped, and
	// it gets no other requests.
	Mirror int `toml:"mirror" json:"mirror,omitzero" min:"1" max:"100"`
	// StartupTimeout is how long an instance may take until it answers /ping, from
	// "1m" to "1h", "10m" by default.
	StartupTimeout string `toml:"startup-timeout" json:"startup-timeout,omitzero" format:"startup-timeout" default:"10m"`
	// VolumeSize is the size of each instance's disk, in GB; the default is that of the
	// instance type.
	VolumeSize int `toml:"volume-size" json:"volume-size,omitzero" min:"1" max:"512"`
	// KMSKey is the key that encrypts the instances' disks and the captured data: its id,
	// ARN or alias.
	KMSKey string `toml:"kms-key" json:"kms-key,omitzero" format:"kms-key"`
	// NetworkIsolation keeps the server from opening any connection.
	NetworkIsolation bool `toml:"network-isolation" json:"network-isolation,omitzero" default:"false"`
	// ResourceTags are the tags of all that is made in AWS.
	ResourceTags map[string]string `toml:"resource-tags" json:"resource-tags,omitzero" keys:"tag-key" format:"tag-value"`
	// Storage is where files of `predict --batch` and the requests of an asynchronous
	// endpoint are until they are answered, s3://BUCKET/PREFIX.
	Storage string `toml:"storage" json:"storage,omitzero" format:"s3-url"`
	// Data keeps the files of the model in S3, below s3://BUCKET/PREFIX, and not in the
	// image, so that many models share one image.
	Data string `toml:"model-data" json:"model-data,omitzero" format:"s3-url"`
	// Guarded is how SageMaker replaces the instances of strategy "rolling"; the default is
	// all at once.
	Guarded *Guarded `toml:"rollout" json:"rollout,omitzero"`
	// Serverless makes an endpoint without instances of its own.
	Serverless *Serverless `toml:"serverless" json:"serverless,omitzero"`
	// Async makes an endpoint that keeps requests in a queue, and writes the answers to S3.
	Async *Async `toml:"async" json:"async,omitzero"`
	// Autoscale lets the number of instances follow the requests, instead of replicas.
	Autoscale *Autoscale `toml:"autoscale" json:"autoscale,omitzero"`
	// Batch says what `predict --batch` runs on.
	Batch *Batch `toml:"batch" json:"batch,omitzero"`
	// VPC connects the instances to a network of your own.
	VPC *VPC `toml:"vpc" json:"vpc,omitzero"`
	// DataCapture stores requests and answers in S3.
	DataCapture *DataCapture `toml:"data-capture" json:"data-capture,omitzero"`
}

// Serverless makes an endpoint without instances of its own.
type Serverless struct {
	// Memory is in MB: 1024, 2048, 3072, 4096, 5120 or 6144. The CPU grows with it. It is
	// required.
	Memory int `toml:"memory" json:"memory" min:"1024" max:"6144" required:"it is the memory of an instance in MB" example:"memory = 2048"`
	// MaxConcurrency is how many requests are answered at a time, 20 by default.
	MaxConcurrency int `toml:"max-concurrency" json:"max-concurrency,omitzero" min:"1" max:"200" default:"20"`
	// ProvisionedConcurrency is how many requests can be answered without a cold start;
	// the default is none.
	ProvisionedConcurrency int `toml:"provisioned-concurrency" json:"provisioned-concurrency,omitzero" min:"1" max:"200"`
}

// VPC is a network of your own.
type VPC struct {
	// Subnets are the ids of one to sixteen subnets. They are required.
	Subnets []string `toml:"subnets" json:"subnets" format:"vpc-id" unique:"true" required:"they are where the instances are connected" example:"subnets = [\"subnet-0123456789abcdef0\"]"`
	// SecurityGroups are the ids of one to five security groups. They are required.
	SecurityGroups []string `toml:"security-groups" json:"security-groups" format:"vpc-id" unique:"true" required:"they say what may connect" example:"security-groups = [\"sg-0123456789abcdef0\"]"`
}

// DataCapture stores requests and answers in S3.
type DataCapture struct {
	// Destination is where they are stored, s3://BUCKET/PREFIX. It is required.
	Destination string `toml:"destination" json:"destination" format:"s3-url" required:"it is where requests are stored" example:"destination = \"s3://BUCKET/NAME\""`
	// Percentage is the share of the requests, 100 by default.
	Percentage int `toml:"percentage" json:"percentage,omitzero" min:"1" max:"100" default:"100"`
	// Modes are "input" and "output"; the default is both.
	Modes []string `toml:"modes" json:"modes,omitzero" enum:"input output" unique:"true"`
}

var _ manifests.Spec = (*Spec)(nil)

// Kind implements deployfile.Spec.
func (s *Spec) Kind() deployfile.Kind { return Kind() }

// Place implements deployfile.Spec: an endpoint's name is unique in a region of an
// account, which the repository mostly names.
func (s *Spec) Place(t deployfile.Target) deployfile.Place {
	host, _ := ParseRepository(t.Image)
	return deployfile.Place{System: "sagemaker", Parts: []deployfile.PlacePart{
		{Key: "image", Called: "account", Value: host.Account},
		{Key: "region", Called: "region", Value: s.RegionOf(t.Image)},
		{Key: "profile", Called: "profile", Value: s.Profile},
		{Key: "assume-role", Called: "role", Value: s.AssumeRole},
	}}
}

// Complete implements deployfile.Completer.
func (s *Spec) Complete() {
	s.Rollout.Complete()
	if s.Serverless != nil {
		s.Replicas, s.StartupTimeout = 0, ""
	}
	if s.Autoscale != nil {
		s.Replicas = 0
	}
}

// RegionOf returns the region of an endpoint whose image is in the repository, "" if
// nothing says it.
func (s *Spec) RegionOf(repository string) string {
	if s.Region != "" {
		return s.Region
	}
	host, _ := ParseRepository(repository)
	return host.Region
}
