// Package kserve is the kind "kserve": an InferenceService of KServe.
package kserve

import (
	_ "embed" // for the doc comments
	"fmt"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
)

//go:embed spec.go
var source string

// The values of the key "mode".
const (
	// ModeServerless runs the instances on Knative.
	ModeServerless = "serverless"
	// ModeRaw runs them as a Deployment.
	ModeRaw = "raw"
)

// Kind returns the kind.
func Kind() deployfile.Kind {
	return deployfile.Kind{
		Name:    "kserve",
		Summary: "a KServe InferenceService",
		New:     func() deployfile.Spec { return new(Spec) },
		Sources: append(cluster.Sources(), source),
		Formats: cluster.Formats("kserve"),
		Image:   deployfile.ImageNeed{Formats: deployfile.Formats()},
		Verbs: []deployfile.Verb{
			deployfile.VerbPredict, deployfile.VerbOpen, deployfile.VerbLogs, deployfile.VerbBatch, deployfile.VerbPromote,
		},
	}
}

// Spec has the keys of the kind.
type Spec struct {
	cluster.Pod
	// Mode is "serverless" (Knative, the default) or "raw".
	Mode string `toml:"mode" json:"mode,omitzero" enum:"serverless raw" default:"serverless"`
	// Autoscale lets the number of instances follow the load; there are no
	// replicas then.
	Autoscale *Autoscale `toml:"autoscale" json:"autoscale,omitzero"`
	// Modelcar has KServe bring the model from an OCI image of its own, as it
	// does with a storageUri oci://, so that one environment image serves many
	// models.
	Modelcar bool `toml:"modelcar" json:"modelcar,omitzero" default:"false"`
}

// Autoscale lets the number of instances follow the load.
type Autoscale struct {
	cluster.Autoscale
	// Concurrency is the number of requests at a time for each instance that
	// is aimed at; only serverless KServe knows it.
	Concurrency int `toml:"concurrency" json:"concurrency,omitzero" min:"1"`
}

var _ manifests.Spec = (*Spec)(nil)

// Kind implements deployfile.Spec.
func (s *Spec) Kind() deployfile.Kind { return Kind() }

// ModelApart implements deployfile.ModelApart.
func (s *Spec) ModelApart() string {
	if s.Modelcar {
		return deployfile.Modelcar
	}
	return s.Pod.ModelApart()
}

// Complete implements deployfile.Completer.
func (s *Spec) Complete() {
	s.Pod.Complete()
	if s.Autoscale == nil {
		return
	}
	s.Replicas = 0
	if s.Mode == ModeServerless {
		s.Autoscale.CPU = 0
	}
}

func problem(rule, message, hint string) deployfile.Problem {
	return deployfile.Problem{Rule: rule, Message: message, Hint: hint}
}

// Check implements deployfile.Spec.
func (s *Spec) Check(c *deployfile.Check) {
	if c.Has("mode") && c.Has("strategy") && s.Mode != ModeServerless && s.Strategy != manifests.StrategyRolling {
		c.AtValue(problem(
			"conflict", fmt.Sprintf("%s %q is not for mode %q, in which KServe runs one release at a time", c.Called("strategy"), s.Strategy, s.Mode),
			fmt.Sprintf("leave out one of the two, or write: strategy = %q", manifests.StrategyRolling),
		), "strategy")
	}
	if s.Modelcar && s.ModelVolume && c.Has(deployfile.Modelcar) && c.Has(deployfile.ModelVolume) {
		c.AtKey(problem(
			"misplaced-key", c.Called(deployfile.Modelcar)+" and model-volume are two ways of the model to the server", "remove one of them",
		), deployfile.Modelcar)
	}
	s.Pod.Check(c, s.ModelApart())
	if s.Autoscale != nil {
		s.Autoscale.Check(c, s.Mode == ModeServerless)
		s.checkMeasure(c)
	}
}

// checkMeasure checks that the autoscaler can measure what it is to follow.
func (s *Spec) checkMeasure(c *deployfile.Check) {
	cpu, concurrency := []string{"autoscale", "cpu"}, []string{"autoscale", "concurrency"}
	switch {
	case c.Reported("mode"):
	case s.Mode == ModeServerless && c.Has(cpu...):
		c.AtKey(problem(
			"misplaced-key", c.Called(cpu...)+` is not for mode "serverless"`, `write concurrency in its place, or: mode = "raw"`,
		), cpu...)
	case s.Mode != ModeServerless && c.Has(concurrency...):
		c.AtKey(problem(
			"misplaced-key", c.Called(concurrency...)+` is only for mode "serverless"`, "write cpu in its place, or leave out the mode",
		), concurrency...)
	}
}
