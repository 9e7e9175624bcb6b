package deployfile

import (
	"fmt"
	"slices"
)

// Outputs lists the names of what a build can make of any Deployfile, as --target
// names it. No target may have one of these names: --target would have two
// meanings. Package frontend makes the outputs, and a test of it keeps the two
// lists equal.
func Outputs() []string {
	return []string{"image", "lock", "verify", "env", "model", "modelcar", "env-model-data", "plan", "sbom", "wheels", "eject"}
}

// checkReserved refuses a target that has the name of an output.
func checkReserved(_, name string) Problem {
	if !slices.Contains(Outputs(), name) {
		return Problem{}
	}
	return Problem{
		"invalid-name", fmt.Sprintf("target name %q is reserved: --target %[1]s builds the output of that name", name),
		fmt.Sprintf("rename it, for example to [targets.my-%s]", name),
	}
}
