package manifests

import (
	_ "embed" // for the doc comments
	"fmt"
	"reflect"

	"github.com/deployfile/deployfile/deployfile"
)

//go:embed rollout.go
var rolloutSource string

//go:embed resources.go
var resourcesSource string

// Sources returns the Go source of the keys in this package, for Kind.Sources.
func Sources() []string { return []string{rolloutSource, resourcesSource} }

// The values of the key "strategy".
const (
	StrategyRolling   = "rolling"
	StrategyBlueGreen = "blue-green"
	StrategyCanary    = "canary"
)

// Rollout has the keys of kinds that can deploy a release beside the live one.
type Rollout struct {
	// Strategy is "rolling" (the default), "blue-green" or "canary".
	Strategy string `toml:"strategy" json:"strategy,omitzero" enum:"rolling blue-green canary" default:"rolling"`
	// Weight is the share of the requests that a canary gets, in percent, 10
	// by default.
	Weight int `toml:"weight" json:"weight,omitzero" min:"1" max:"99" default:"10"`
}

func (r *Rollout) rollout() *Rollout { return r }

// Check reports a weight without a canary.
func (r *Rollout) Check(c *deployfile.Check) {
	if c.Has("weight") && r.Strategy != StrategyCanary && !c.Reported("strategy") {
		c.AtKey(deployfile.Problem{
			Rule:    "misplaced-key",
			Message: fmt.Sprintf("%s is only for strategy %q", c.Called("weight"), StrategyCanary),
			Hint:    fmt.Sprintf("remove it, or write: strategy = %q", StrategyCanary),
		}, "weight")
	}
}

// Complete removes the weight if there is no canary.
func (r *Rollout) Complete() {
	if r.Strategy != StrategyCanary {
		r.Weight = 0
	}
}

// RolloutOf returns the target's Rollout keys; they are zero for a kind that replaces
// the live release.
func RolloutOf(t deployfile.Target) Rollout {
	if s, ok := t.Spec.(interface{ rollout() *Rollout }); ok {
		return *s.rollout()
	}
	return Rollout{}
}

// withoutRollout returns the target without its Rollout keys.
func withoutRollout(t deployfile.Target) deployfile.Target {
	if _, ok := t.Spec.(interface{ rollout() *Rollout }); !ok {
		return t
	}
	copied := reflect.New(reflect.TypeOf(t.Spec).Elem())
	copied.Elem().Set(reflect.ValueOf(t.Spec).Elem())
	t.Spec, _ = copied.Interface().(deployfile.Spec)
	if s, ok := t.Spec.(interface{ rollout() *Rollout }); ok {
		*s.rollout() = Rollout{}
	}
	return t
}
