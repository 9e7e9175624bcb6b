package serving

import (
	"slices"

	"github.com/deployfile/deployfile/publish"
)

// Removals are the containers that go, and the images that go with them unless
// something else needs them.
func Removals(containers, images []string) []publish.Change {
	var out []publish.Change
	add := func(names []string, before, after string) {
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			out = append(out, publish.Change{Action: "delete", Object: before + name + after})
		}
	}
	add(containers, "container ", "")
	add(images, "image ", ", unless something else needs it")
	return out
}
