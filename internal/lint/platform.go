package lint

import (
	"fmt"
	"maps"
	"slices"

	"github.com/deployfile/deployfile/deployfile"
)

// builderPlatform finds images that are for arm64 because a laptop is, and that go to
// somebody else's machines.
func builderPlatform(in Input) []Finding {
	platform := in.Builder
	if in.Lock != nil && len(in.Lock.Platforms) == 1 {
		platform = in.Lock.Platforms[0].Name
	}
	if len(in.File.Image.Platforms) > 0 || in.Lock != nil && len(in.Lock.Platforms) != 1 || platform != "linux/arm64" {
		return nil
	}
	var out []Finding
	for _, name := range slices.Sorted(maps.Keys(in.File.Targets)) {
		if in.File.Targets[name].Needs().Store != deployfile.StoreNone {
			continue
		}
		at, _ := in.File.Position("targets", name, "kind")
		out = append(out, Finding{
			Message: fmt.Sprintf("target %s gets an image for linux/arm64 alone, the platform of the builder, and most clusters are linux/amd64", name),
			Fix:     `write platforms = ["linux/amd64"] in [image], or "linux/arm64" if it is meant, and run deployfile lock`,
			Range:   at,
		})
	}
	return out
}
