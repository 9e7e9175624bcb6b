package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/resolver"
)

func yankedRequirements(in Input) []Finding {
	versions := lockedVersions(in.Pylocks)
	first := map[string]requirement{}
	for _, r := range slices.Backward(in.requirements()) {
		first[r.Name] = r
	}
	var out []Finding
	for _, name := range slices.Sorted(maps.Keys(in.Yanked)) {
		what := strings.TrimSpace(name + " " + strings.Join(versions[normalize(name)], ", "))
		message := what + " was withdrawn from its index"
		if reason := strings.Join(strings.Fields(in.Yanked[name]), " "); reason != "" {
			message += ": " + reason
		}
		f := Finding{Message: message, Fix: "take another version: deployfile lock --upgrade=" + name}
		if r, ok := first[normalize(name)]; ok {
			f = r.finding(f.Message, f.Fix)
			if pinned(r.Requirement) {
				f.Fix = fmt.Sprintf("require another version of %s, then run deployfile lock", name)
			}
		}
		out = append(out, f)
	}
	return out
}

// lockedVersions maps the normalised names of locked packages to their
// versions, which may differ from platform to platform.
func lockedVersions(pylocks map[string]*resolver.Pylock) map[string][]string {
	out := map[string][]string{}
	for _, file := range slices.Sorted(maps.Keys(pylocks)) {
		for _, p := range pylocks[file].Packages {
			name := normalize(p.Name)
			if p.Version != "" && !slices.Contains(out[name], p.Version) {
				out[name] = append(out[name], p.Version)
			}
		}
	}
	return out
}
