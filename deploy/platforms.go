package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/platform"
	"github.com/deployfile/deployfile/publish"
)

// PlatformError is an image that no machine of its target could run.
type PlatformError struct {
	// Built are the platforms of the image, Target those of the target.
	Built, Target []string
}

// Error names the key that mends it.
func (e *PlatformError) Error() string {
	return fmt.Sprintf("the image would be for %s, and there are only nodes of %s: write platforms = [%q] in [image] of the Deployfile, and run: deployfile lock",
		strings.Join(e.Built, ", "), strings.Join(e.Target, ", "), e.Target[0])
}

// checkPlatforms finds a target that could not run what is going to be built for it.
func (w *deliveries) checkPlatforms(ctx context.Context, to []delivery) error {
	built := w.platforms(w.Build)
	if len(built) == 0 {
		built = []string{platform.Name(w.builder.Platform())}
	}
	for _, d := range to {
		if d.host == nil {
			continue
		}
		w.progress().Wait(d.Name + ": looking at the nodes")
		nodes, err := d.host.Platforms(ctx)
		if err != nil {
			return atTarget(d.Target, err)
		}
		other, err := comparePlatforms(built, nodes)
		if err != nil {
			return atTarget(d.Target, err)
		}
		if len(other) > 0 {
			w.progress().Say(fmt.Sprintf("%s: warning: some nodes are %s, and the image is for %s alone: add to platforms in [image], or name the nodes with node-selector",
				d.Name, strings.Join(other, ", "), strings.Join(built, ", ")))
		}
	}
	return nil
}

// comparePlatforms returns the platforms of nodes that the image is not built for, or a
// *PlatformError if it is built for none. Nothing is known if there are no nodes.
func comparePlatforms(built, nodes []string) (other []string, err error) {
	for _, n := range nodes {
		if !slices.Contains(built, n) {
			other = append(other, n)
		}
	}
	if len(nodes) > 0 && len(other) == len(nodes) {
		return nil, &PlatformError{Built: built, Target: nodes}
	}
	return other, nil
}

// hostOf returns what knows the platforms of a target, nil if nothing does.
func hostOf(p publish.Publisher) publish.Host {
	h, _ := p.(publish.Host)
	return h
}
