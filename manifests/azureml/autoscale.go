package azureml

import (
	_ "embed" // for the doc comments
	"fmt"
	"strconv"
	"time"

	"github.com/deployfile/deployfile/deployfile"
)

//go:embed autoscale.go
var autoscaleSource string

// Autoscale lets the number of instances follow the requests.
type Autoscale struct {
	// Min is the least number of instances, 1 by default.
	Min int `toml:"min" json:"min,omitzero" min:"1" max:"50" default:"1"`
	// Max is the largest number. It is required.
	Max int `toml:"max" json:"max" min:"1" max:"50" required:"it is the largest number of instances" example:"max = 4"`
	// Invocations is how many requests in a minute an instance is to get. It is required.
	Invocations int `toml:"invocations" json:"invocations" min:"1" required:"it is how many requests in a minute an instance is to get" example:"invocations = 600"`
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
	if c.Has("replicas") {
		c.AtKey(problem("conflict", fmt.Sprintf("%s is set, so %s has no effect", c.Called("autoscale"), c.Called("replicas")), "leave out one of the two"), "replicas")
	}
	if c.Has("autoscale", "min") && c.Has("autoscale", "max") && a.Min > a.Max {
		c.AtValue(problem("conflict", fmt.Sprintf("%s is %d, more than max, which is %d", c.Called("autoscale", "min"), a.Min, a.Max), ""), "autoscale", "min")
	}
}

// The document of autoscaling is a request of Azure Monitor, whose command line takes no
// files. A rollout adds the location.
type (
	// Scaling is an autoscale setting.
	Scaling struct {
		Tags       map[string]string `json:"tags"`
		Properties ScalingProperties `json:"properties"`
	}
	// ScalingProperties say what is scaled, and how.
	ScalingProperties struct {
		Name              string           `json:"name"`
		Enabled           bool             `json:"enabled"`
		TargetResourceURI string           `json:"targetResourceUri"`
		Profiles          []ScalingProfile `json:"profiles"`
	}
	// ScalingProfile has the limits and the rules.
	ScalingProfile struct {
		Name     string          `json:"name"`
		Capacity ScalingCapacity `json:"capacity"`
		Rules    []ScalingRule   `json:"rules"`
	}
	// ScalingCapacity are numbers of instances.
	ScalingCapacity struct {
		Default string `json:"default"`
		Maximum string `json:"maximum"`
		Minimum string `json:"minimum"`
	}
	// ScalingRule changes the number of instances by one.
	ScalingRule struct {
		MetricTrigger MetricTrigger `json:"metricTrigger"`
		ScaleAction   ScaleAction   `json:"scaleAction"`
	}
	// MetricTrigger is when.
	MetricTrigger struct {
		MetricName        string `json:"metricName"`
		MetricResourceURI string `json:"metricResourceUri"`
		Operator          string `json:"operator"`
		Statistic         string `json:"statistic"`
		Threshold         int    `json:"threshold"`
		TimeAggregation   string `json:"timeAggregation"`
		TimeGrain         string `json:"timeGrain"`
		TimeWindow        string `json:"timeWindow"`
		DividePerInstance bool   `json:"dividePerInstance"`
	}
	// ScaleAction is what is done.
	ScaleAction struct {
		Cooldown  string `json:"cooldown"`
		Direction string `json:"direction"`
		Type      string `json:"type"`
		Value     string `json:"value"`
	}
)

// ScalingName returns the name of the autoscale setting of a deployment: it is unique in a
// resource group.
func ScalingName(endpoint, deployment string) string { return endpoint + "-" + deployment }

// DeploymentID returns the resource id of a deployment.
func (s *Spec) DeploymentID(endpoint, deployment string) string {
	return s.ID() + "/onlineEndpoints/" + endpoint + "/deployments/" + deployment
}

// scaling returns the autoscaling of a deployment: an instance more when each gets more
// requests than it is to get, and one less when that is less than half.
func (s *Spec) scaling(endpoint, deployment string) Scaling {
	a, id := s.Autoscale, s.DeploymentID(endpoint, deployment)
	rule := func(operator string, threshold int, direction, wait string) ScalingRule {
		return ScalingRule{
			MetricTrigger{"RequestsPerMinute", id, operator, "Average", threshold, "Average", "PT1M", "PT5M", true},
			ScaleAction{minutes(wait), direction, "ChangeCount", "1"},
		}
	}
	return Scaling{
		Tags: s.tags(endpoint),
		Properties: ScalingProperties{Name: ScalingName(endpoint, deployment), Enabled: true, TargetResourceURI: id, Profiles: []ScalingProfile{{
			Name:     "requests",
			Capacity: ScalingCapacity{strconv.Itoa(a.Min), strconv.Itoa(a.Max), strconv.Itoa(a.Min)},
			Rules: []ScalingRule{
				rule("GreaterThan", a.Invocations, "Increase", a.ScaleOutWait),
				rule("LessThan", a.Invocations/2, "Decrease", a.ScaleInWait),
			},
		}}},
	}
}

// minutes returns a time as Azure Monitor has it.
func minutes(value string) string {
	d, err := time.ParseDuration(value)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("PT%dM", int(d.Minutes()))
}
