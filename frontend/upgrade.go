package frontend

import (
	"fmt"
	"strings"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/mlmodel"
)

// heldBack says of each package that lock --upgrade names, and that a requirement allows
// in one version alone, which requirement that is, and what lifts it.
func heldBack(all []mlmodel.Requirement, upgrade []string) []string {
	var out []string
	for _, name := range upgrade {
		name = pypi.CanonPackageName(name)
		for _, r := range all {
			if r.Name != name || !exact(r.Specifier) {
				continue
			}
			where := "the Deployfile"
			if r.File != "" {
				where = fmt.Sprintf("%s:%d", r.File, r.Line)
			}
			version := strings.TrimSpace(strings.TrimPrefix(r.Specifier, "=="))
			out = append(out, fmt.Sprintf("%s stays at %s: %s pins it; override = [%q] in [environment] lifts that", name, version, where, name+">="+version))
			break
		}
	}
	return out
}
