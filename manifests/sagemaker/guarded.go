package sagemaker

import (
	_ "embed" // for the doc comments
	"fmt"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
)

//go:embed guarded.go
var guardedSource string

// Guarded is how SageMaker itself replaces the instances of strategy "rolling".
type Guarded struct {
	// Type is "all-at-once", "canary" or "linear", which move the requests to a second
	// set of instances at once, in two steps or in equal steps, or "rolling", which
	// replaces the instances in batches. It is required.
	Type string `toml:"type" json:"type" enum:"all-at-once canary linear rolling" required:"it is how the instances are replaced" example:"type = \"linear\""`
	// Size is the share of the instances that a step or a batch has, in percent.
	Size int `toml:"size" json:"size,omitzero" min:"5" max:"50"`
	// Wait is how long the alarms are watched after each step, up to "1h", "5m" by
	// default.
	Wait string `toml:"wait" json:"wait,omitzero" format:"wait" default:"5m"`
	// TerminationWait is how long the old instances stay after the last step, up to "1h";
	// the default is not at all.
	TerminationWait string `toml:"termination-wait" json:"termination-wait,omitzero" format:"wait"`
	// Timeout is how long all of it may take, from "10m" to "8h".
	Timeout string `toml:"timeout" json:"timeout,omitzero" format:"rollout-timeout"`
	// Alarms are the names of CloudWatch's alarms that bring the old instances back.
	Alarms []string `toml:"alarms" json:"alarms,omitzero" format:"alarm" unique:"true"`
}

const typeRolling, typeCanary, typeLinear = "rolling", "canary", "linear"

// mostAlarms is how many alarms SageMaker watches.
const mostAlarms = 10

func guardedFormats(formats map[string]deployfile.Format) {
	formats["wait"] = deployfile.Format{Pattern: ".", Valid: seconds(0, time.Hour), Rule: "invalid-value", Want: `a time up to "1h" in whole seconds`}
	formats["rollout-timeout"] = deployfile.Format{Pattern: ".", Valid: seconds(10*time.Minute, 8*time.Hour), Rule: "invalid-value", Want: `a time from "10m" to "8h" in whole seconds`}
	formats["alarm"] = deployfile.Format{Pattern: `^\S([^\n]*\S)?$`, Longest: 255, Want: "the name of an alarm of CloudWatch"}
}

func (s *Spec) checkGuarded(c *deployfile.Check) {
	g := s.Guarded
	if g == nil || !c.Has("rollout") {
		return
	}
	switch {
	case s.Serverless != nil:
		c.AtKey(problem("conflict", "a serverless endpoint has no "+c.Called("rollout"), "leave out one of the two"), "rollout")
		return
	case s.Strategy != manifests.StrategyRolling && !c.Reported("strategy"):
		c.AtKey(problem("conflict", fmt.Sprintf("%s is for strategy %q: with %q you decide yourself, by deployfile promote", c.Called("rollout"), manifests.StrategyRolling, s.Strategy), "leave out one of the two"), "rollout")
		return
	case !c.Has("rollout", "type"):
		return
	}
	sized := g.Type == typeRolling || g.Type == typeCanary || g.Type == typeLinear
	switch {
	case sized && !c.Written("rollout", "size"):
		c.AtKey(problem("missing-key", fmt.Sprintf("%s is missing: it is the share of the instances of each step of type %q", c.Called("rollout", "size"), g.Type), "for example: size = 25"), "rollout")
	case !sized && c.Has("rollout", "size"):
		c.AtKey(problem("misplaced-key", fmt.Sprintf("%s is not for type %q", c.Called("rollout", "size"), g.Type), "remove it"), "rollout", "size")
	case g.Type == typeLinear && c.Has("rollout", "size") && g.Size < 10:
		c.AtValue(problem("out-of-range", fmt.Sprintf("%s must be from 10 to 50 for type %q, but is %d", c.Called("rollout", "size"), g.Type, g.Size), ""), "rollout", "size")
	}
	if g.Type == typeRolling && c.Has("rollout", "termination-wait") {
		c.AtKey(problem("misplaced-key", fmt.Sprintf("%s is not for type %q, which ends instances one batch after the other", c.Called("rollout", "termination-wait"), g.Type), "remove it"), "rollout", "termination-wait")
	}
	if c.Has("rollout", "alarms") && len(g.Alarms) > mostAlarms {
		c.AtValue(problem("out-of-range", fmt.Sprintf("%s has %d, more than the %d that SageMaker watches", c.Called("rollout", "alarms"), len(g.Alarms), mostAlarms), ""), "rollout", "alarms")
	}
	if len(g.Alarms) == 0 && !c.Reported("rollout", "alarms") {
		c.Warn(problem("no-alarms", c.Called("rollout")+" has no alarms, so nothing brings the old instances back but instances that do not start", `for example: alarms = ["iris-errors"]`), "rollout", "type")
	}
}

// seconds returns a check of a time within bounds, in whole seconds.
func seconds(least, most time.Duration) func(string) bool {
	return func(value string) bool {
		d, err := time.ParseDuration(value)
		return err == nil && d >= least && d <= most && d%time.Second == 0
	}
}

// secondsOf returns a time in seconds, 0 for none.
func secondsOf(value string) int {
	d, _ := time.ParseDuration(value)
	return int(d.Seconds())
}

// The part of a document that says how SageMaker replaces instances.
type (
	deploymentConfig struct {
		BlueGreenUpdatePolicy     *blueGreenPolicy `json:",omitempty"`
		RollingUpdatePolicy       *rollingPolicy   `json:",omitempty"`
		AutoRollbackConfiguration *autoRollback    `json:",omitempty"`
	}
	blueGreenPolicy struct {
		TrafficRoutingConfiguration      routing
		TerminationWaitInSeconds         int `json:",omitempty"`
		MaximumExecutionTimeoutInSeconds int `json:",omitempty"`
	}
	routing struct {
		Type                  string
		WaitIntervalInSeconds int
		CanarySize            *capacity `json:",omitempty"`
		LinearStepSize        *capacity `json:",omitempty"`
	}
	rollingPolicy struct {
		MaximumBatchSize                 capacity
		WaitIntervalInSeconds            int
		MaximumExecutionTimeoutInSeconds int `json:",omitempty"`
	}
	capacity struct {
		Type  string
		Value int
	}
	autoRollback struct{ Alarms []alarm }
	alarm        struct{ AlarmName string }
)

// guarded returns how SageMaker replaces the instances, nil for its default.
func (s *Spec) guarded() *deploymentConfig {
	g := s.Guarded
	if g == nil {
		return nil
	}
	out := &deploymentConfig{}
	size := &capacity{"CAPACITY_PERCENT", g.Size}
	if g.Type == typeRolling {
		out.RollingUpdatePolicy = &rollingPolicy{*size, secondsOf(g.Wait), secondsOf(g.Timeout)}
	} else {
		r := routing{Type: "ALL_AT_ONCE", WaitIntervalInSeconds: secondsOf(g.Wait)}
		switch g.Type {
		case typeCanary:
			r.Type, r.CanarySize = "CANARY", size
		case typeLinear:
			r.Type, r.LinearStepSize = "LINEAR", size
		}
		out.BlueGreenUpdatePolicy = &blueGreenPolicy{r, secondsOf(g.TerminationWait), secondsOf(g.Timeout)}
	}
	for _, name := range g.Alarms {
		if out.AutoRollbackConfiguration == nil {
			out.AutoRollbackConfiguration = &autoRollback{}
		}
		out.AutoRollbackConfiguration.Alarms = append(out.AutoRollbackConfiguration.Alarms, alarm{name})
	}
	return out
}
