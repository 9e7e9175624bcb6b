//go:build integration

package integration

import (
	"fmt"
	"maps"
	"slices"
)

// answer is what the server of a tiny project says of the process that it runs in.
type answer struct {
	Packages    map[string]string
	Modules     map[string]string
	Environment map[string]string
}

// versions are the packages as "name==version", in order.
func (a answer) versions() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(a.Packages)) {
		out = append(out, fmt.Sprintf("%s==%s", name, a.Packages[name]))
	}
	return out
}
