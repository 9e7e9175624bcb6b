package sagemaker

import (
	_ "embed" // for the doc comments
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
)

//go:embed async.go
var asyncSource string

// Async makes an endpoint that keeps requests in a queue, and writes the answers to S3.
type Async struct {
	// Output is where the answers are written, s3://BUCKET/PREFIX; those that failed are
	// in "failed" below it. It is required.
	Output string `toml:"output" json:"output" format:"s3-url" required:"it is where the answers are written" example:"output = \"s3://BUCKET/NAME\""`
	// MaxConcurrency is how many requests an instance gets at a time; SageMaker chooses
	// by default.
	MaxConcurrency int `toml:"max-concurrency" json:"max-concurrency,omitzero" min:"1" max:"1000"`
	// SuccessTopic is the ARN of the topic of Amazon SNS that is told of each answer.
	SuccessTopic string `toml:"success-topic" json:"success-topic,omitzero" format:"topic"`
	// ErrorTopic is the ARN of the topic that is told of each request that failed.
	ErrorTopic string `toml:"error-topic" json:"error-topic,omitzero" format:"topic"`
}

// The documents of an asynchronous endpoint are a part of its configuration.
type (
	asyncConfig struct {
		ClientConfig *asyncClient `json:",omitempty"`
		OutputConfig asyncOutput
	}
	asyncClient struct{ MaxConcurrentInvocationsPerInstance int }
	asyncOutput struct {
		S3OutputPath       string
		S3FailurePath      string
		KmsKeyId           string       `json:",omitempty"`
		NotificationConfig *asyncTopics `json:",omitempty"`
	}
	asyncTopics struct {
		SuccessTopic string `json:",omitempty"`
		ErrorTopic   string `json:",omitempty"`
	}
)

func asyncFormats(formats map[string]deployfile.Format) {
	formats["topic"] = deployfile.Format{
		Pattern: `^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[a-zA-Z0-9_.-]+$`, Longest: 2048, Want: "the ARN of a topic of Amazon SNS",
		Hint: deployfile.Always(`for example "arn:aws:sns:eu-central-1:123456789012:answers"`),
	}
}

// checkAsync reports what asynchronous endpoints do not have. A request cannot name a
// variant.
func (s *Spec) checkAsync(c *deployfile.Check) {
	if s.Async == nil || !c.Has("async") {
		return
	}
	if c.Has("serverless") {
		c.AtKey(problem("conflict", "an asynchronous endpoint has no "+c.Called("serverless"), "leave out one of the two"), "serverless")
	}
	if c.Has("strategy") && s.Strategy != manifests.StrategyRolling {
		c.AtValue(problem("conflict", fmt.Sprintf("%s %q is not for an asynchronous endpoint, whose requests cannot name a release", c.Called("strategy"), s.Strategy), `leave out one of the two, or write: strategy = "rolling"`), "strategy")
	}
}

// async returns the part of a configuration, nil for an endpoint that answers at once.
func (s *Spec) async() *asyncConfig {
	if s.Async == nil {
		return nil
	}
	output := strings.TrimSuffix(s.Async.Output, "/")
	out := &asyncConfig{OutputConfig: asyncOutput{S3OutputPath: output, S3FailurePath: output + "/failed", KmsKeyId: s.KMSKey}}
	if n := s.Async.MaxConcurrency; n > 0 {
		out.ClientConfig = &asyncClient{n}
	}
	if s.Async.SuccessTopic != "" || s.Async.ErrorTopic != "" {
		out.OutputConfig.NotificationConfig = &asyncTopics{s.Async.SuccessTopic, s.Async.ErrorTopic}
	}
	return out
}
