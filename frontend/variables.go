package frontend

import (
	"fmt"
	"maps"
	"slices"

	"github.com/deployfile/deployfile/internal/listing"
	"github.com/deployfile/deployfile/mlmodel"
)

// warnOfVariables warns about environment variables that the model read when it was
// logged, and that a target gives no value for.
func (i *Inspection) warnOfVariables() {
	if len(i.Model.EnvVars) == 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(i.File.Targets)) {
		lacking := i.File.Targets[name].Lacking(i.Model.EnvVars, i.File.Environment.Env)
		if len(lacking) == 0 {
			continue
		}
		r, _ := i.File.Position("targets", name)
		i.Warnings = append(i.Warnings, mlmodel.Warning{File: i.name, Line: r.Start.Line, Message: fmt.Sprintf(
			"the model read %s when it was logged, and target %s gives no value: name it in env, or what has it in env-from on a cluster", listing.First(lacking), name)})
	}
}
