package llb

import (
	"slices"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/resolver"
)

// Conflicts are the file conflicts that a lock knows of a platform, with the
// package whose files are in the image.
func Conflicts(lock *resolver.Lock, pylock *resolver.Pylock, platform string) ([]Conflict, error) {
	locked := lock.Platform(platform)
	if locked == nil || locked.Wheels == nil || len(locked.Wheels.Conflicts) == 0 {
		return nil, nil
	}
	all, err := wheels(Sources{Lock: lock, Pylock: pylock}, locked)
	if err != nil {
		return nil, err
	}
	return conflicts(wheelLayers(all), locked.Wheels.Conflicts), nil
}

func conflicts(layers []WheelLayer, known []resolver.FileConflict) []Conflict {
	order := map[string]int{}
	for _, l := range layers {
		for _, w := range l.Wheels {
			order[pypi.CanonPackageName(w.Name)] = len(order)
		}
	}
	var out []Conflict
	for _, k := range known {
		c := Conflict{FileConflict: k}
		if len(k.Packages) > 1 {
			c.Winner = slices.MaxFunc(k.Packages, func(a, b string) int { return order[a] - order[b] })
		}
		out = append(out, c)
	}
	return out
}
