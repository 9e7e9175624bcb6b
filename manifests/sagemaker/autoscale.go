package sagemaker

import (
	_ "embed" // for the doc comments
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/internal/clouds"
)

//go:embed autoscale.go
var autoscaleSource string

// Autoscale lets the number of instances follow the requests.
type Autoscale struct {
	// Min is the least number of instances. The default is 1, and 0 for an asynchronous
	// endpoint, of which the first request that waits starts an instance.
	Min int `toml:"min" json:"min,omitzero" min:"0"`
	// Max is the largest number. It is required.
	Max int `toml:"max" json:"max" min:"1" required:"it is the largest number of instances" example:"max = 4"`
	// Invocations is how many requests in a minute an instance is to get. It is required,
	// unless the endpoint is asynchronous.
	Invocations int `toml:"invocations" json:"invocations,omitzero" min:"1"`
	// Backlog is how many requests are to wait for an instance of an asynchronous endpoint,
	// for which it is required.
	Backlog int `toml:"backlog" json:"backlog,omitzero" min:"1"`
	// ScaleOutWait is how long to wait after instances were added, "5m" by default.
	ScaleOutWait string `toml:"scale-out-wait" json:"scale-out-wait,omitzero" format:"wait" default:"5m"`
	// ScaleInWait is how long to wait after instances were removed, "5m" by default.
	ScaleInWait string `toml:"scale-in-wait" json:"scale-in-wait,omitzero" format:"wait" default:"5m"`
}

func (s *Spec) checkAutoscale(c *deployfile.Check) {
	a := s.Autoscale
	if a == nil || !c.Has("autoscale") {
		return
	}
	switch {
	case s.Serverless != nil:
		c.AtKey(problem("conflict", "a serverless endpoint has no "+c.Called("autoscale")+": it always follows the requests", "leave out one of the two"), "autoscale")
		return
	case c.Has("instance-type") && strings.HasPrefix(s.InstanceType, "ml.t2."):
		c.AtKey(problem("conflict", fmt.Sprintf("%s is not for %s, whose CPU comes in bursts", c.Called("autoscale"), s.InstanceType), `use another type, such as instance-type = "ml.m5.large"`), "autoscale")
	case c.Has("replicas"):
		c.AtKey(problem("conflict", fmt.Sprintf("%s is set, so %s has no effect", c.Called("autoscale"), c.Called("replicas")), "leave out one of the two"), "replicas")
	}
	s.checkMeasure(c)
	if c.Has("autoscale", "min") && a.Min == 0 && s.Async == nil {
		c.AtValue(problem("out-of-range", c.Called("autoscale", "min")+" is 0, and only an asynchronous endpoint keeps requests until an instance is there", "write 1, or add a table [targets."+c.Target().Name+".async]"), "autoscale", "min")
		return
	}
	if c.Has("autoscale", "min") && c.Has("autoscale", "max") && a.Min > a.Max {
		c.AtValue(problem("conflict", fmt.Sprintf("%s is %d, more than max, which is %d", c.Called("autoscale", "min"), a.Min, a.Max), ""), "autoscale", "min")
	}
}

// checkMeasure checks what decides on the number of instances.
func (s *Spec) checkMeasure(c *deployfile.Check) {
	needs, other, example, why := "invocations", "backlog", "invocations = 600", "it is how many requests in a minute an instance is to get"
	if s.Async != nil {
		needs, other, example, why = other, needs, "backlog = 5", "it is how many requests are to wait for an instance"
	}
	if c.Has("autoscale", other) {
		c.AtKey(problem("conflict", fmt.Sprintf("%s is not for this endpoint: %s decides", c.Called("autoscale", other), needs), "for example: "+example), "autoscale", other)
		return
	}
	if !c.Written("autoscale", needs) {
		c.AtKey(problem("missing-key", fmt.Sprintf("%s is missing: %s", c.Called("autoscale", needs), why), "for example: "+example), "autoscale")
	}
}

// The documents of autoscaling are requests of Application Auto Scaling.
type (
	scalableTarget struct {
		ServiceNamespace  string
		ResourceId        string
		ScalableDimension string
		MinCapacity       int
		MaxCapacity       int
	}
	scalingPolicy struct {
		PolicyName                               string
		ServiceNamespace                         string
		ResourceId                               string
		ScalableDimension                        string
		PolicyType                               string
		TargetTrackingScalingPolicyConfiguration *tracking `json:",omitempty"`
		StepScalingPolicyConfiguration           *steps    `json:",omitempty"`
	}
	tracking struct {
		TargetValue                   int
		PredefinedMetricSpecification *metric       `json:",omitempty"`
		CustomizedMetricSpecification *customMetric `json:",omitempty"`
		ScaleOutCooldown              int
		ScaleInCooldown               int
	}
	metric       struct{ PredefinedMetricType string }
	customMetric struct {
		MetricName, Namespace string
		Dimensions            []dimension
		Statistic             string
	}
	dimension struct{ Name, Value string }
)

// What Application Auto Scaling calls SageMaker, and the number of a variant's instances.
const (
	ScalingNamespace = "sagemaker"
	ScalingDimension = "sagemaker:variant:DesiredInstanceCount"
)

// ScalingResource returns what it calls the live variant of an endpoint.
func ScalingResource(endpoint string) string {
	return "endpoint/" + endpoint + "/variant/" + VariantLive
}

// addScaling adds the documents of autoscaling. The next release has the instances that it
// starts with until it is promoted.
func (s *Spec) addScaling(out *clouds.Documents, name string) error {
	a := s.Autoscale
	if a == nil {
		return nil
	}
	resource := ScalingResource(name)
	if err := out.Add(DocumentScaling, scalableTarget{ScalingNamespace, resource, ScalingDimension, s.least(), a.Max}); err != nil {
		return err
	}
	by := tracking{TargetValue: a.Invocations, PredefinedMetricSpecification: &metric{"SageMakerVariantInvocationsPerInstance"}, ScaleOutCooldown: secondsOf(a.ScaleOutWait), ScaleInCooldown: secondsOf(a.ScaleInWait)}
	if s.Async != nil {
		by.TargetValue, by.PredefinedMetricSpecification = a.Backlog, nil
		by.CustomizedMetricSpecification = &customMetric{
			MetricName: "ApproximateBacklogSizePerInstance", Namespace: "AWS/SageMaker", Dimensions: []dimension{{"EndpointName", name}}, Statistic: "Average",
		}
	}
	if err := out.Add(DocumentPolicy, scalingPolicy{name, ScalingNamespace, resource, ScalingDimension, "TargetTrackingScaling", &by, nil}); err != nil || s.least() > 0 {
		return err
	}
	return s.addWake(out, name)
}

// least returns the least number of instances.
func (s *Spec) least() int {
	if s.Async != nil {
		return s.Autoscale.Min
	}
	return max(1, s.Autoscale.Min)
}

// Instances returns how many instances a release starts with, 0 for a serverless one. One
// shows that the server works, also where none need stay.
func (s *Spec) Instances() int {
	if s.Autoscale != nil {
		return max(1, s.Autoscale.Min)
	}
	return s.Replicas
}
