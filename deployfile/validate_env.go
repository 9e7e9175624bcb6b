package deployfile

import (
	"fmt"
	"maps"
	"slices"
)

// validateVariables refuses variables that would take the place of those that the
// image is started with. PATH and PYTHONPATH of [environment] env are joined with the
// image's own; those of a target would replace them.
func (r *report) validateVariables(f *File) {
	own := []string{"environment", "env"}
	r.refuseVariables(own, ownVariables(f))
	for _, name := range slices.Sorted(maps.Keys(f.Targets)) {
		refused := ownVariables(f)
		refused["PATH"] = "write it below [environment] env, where it is joined with the image's own"
		if len(f.Environment.Code) > 0 {
			refused["PYTHONPATH"] = refused["PATH"]
		}
		r.refuseVariables([]string{"targets", name, "env"}, refused)
	}
}

// ownVariables returns the variables that no env may set, each with what to do instead.
func ownVariables(f *File) map[string]string {
	const leaveOut = "leave it out"
	out := map[string]string{"VIRTUAL_ENV": leaveOut, "PYTHONHOME": leaveOut, "PORT": "set port below [server]"}
	if f.Server.Kind == "mlflow" {
		out["MODEL_PATH"] = leaveOut
	}
	return out
}

func (r *report) refuseVariables(table []string, refused map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(refused)) {
		if path := join(table, name); r.written(path...) {
			r.atKey(Problem{"conflict", fmt.Sprintf("the image itself uses the variable %s", name), refused[name]}, path...)
		}
	}
}
