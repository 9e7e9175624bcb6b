package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/deployfile/deployfile/compare/image"
	"github.com/deployfile/deployfile/internal/platform"
	"github.com/deployfile/deployfile/publish"
)

// PlatformError is an image that no machine of its target could run.
type PlatformError struct {
	// Image is an image that the user named, "" for one that is going to be built.
	Image string
	// Built are the platforms of the image, Target those of the target.
	Built, Target []string
}

// Error says what mends it.
func (e *PlatformError) Error() string {
	if e.Image != "" {
		return fmt.Sprintf("image %s is for %s, and there are only nodes of %s: name an image that is for one of these",
			e.Image, strings.Join(e.Built, ", "), strings.Join(e.Target, ", "))
	}
	return fmt.Sprintf("the image would be for %s, and there are only nodes of %s: write platforms = [%q] in [image] of the Deployfile, and run: deployfile lock",
		strings.Join(e.Built, ", "), strings.Join(e.Target, ", "), e.Target[0])
}

// checkPlatforms finds a target that could not run what is going to be built for it.
func (w *deliveries) checkPlatforms(ctx context.Context, to []delivery) error {
	built := w.platforms(w.Build)
	if len(built) == 0 {
		built = []string{platform.Name(w.builder.Platform())}
	}
	return w.compareNodes(ctx, to, "", built)
}

// platformsDeadline limits what is spent on the platforms of an image: that the registry
// answers those who deploy, and not only the nodes, is not needed for anything else.
const platformsDeadline = 10 * time.Second

// checkNamed finds a target that could not run the image that the user named, as far as
// its registry tells.
func (d *Deployer) checkNamed(ctx context.Context, to []delivery, name string) error {
	if isDigest(name) || !slices.ContainsFunc(to, func(x delivery) bool { return x.host != nil }) {
		return nil
	}
	d.progress().Wait("looking at " + name)
	limited, cancel := context.WithTimeout(ctx, platformsDeadline)
	defer cancel()
	img, err := image.Open(limited, name)
	if err != nil {
		return ctx.Err()
	}
	defer img.Close()
	var built []string
	for _, p := range img.Platforms {
		built = append(built, p.Name)
	}
	return d.compareNodes(ctx, to, name, built)
}

// compareNodes compares the platforms of an image with those of the targets' nodes.
func (d *Deployer) compareNodes(ctx context.Context, to []delivery, image string, built []string) error {
	for _, x := range to {
		if x.host == nil {
			continue
		}
		d.progress().Wait(x.Name + ": looking at the nodes")
		nodes, err := x.host.Platforms(ctx)
		if err != nil {
			return atTarget(x.Target, err)
		}
		other, err := comparePlatforms(built, nodes)
		var wrong *PlatformError
		if errors.As(err, &wrong) {
			wrong.Image = image
		}
		if err != nil {
			return atTarget(x.Target, err)
		}
		if len(other) > 0 {
			d.progress().Say(fmt.Sprintf("%s: warning: some nodes are %s, and the image is for %s alone: add to platforms in [image], or name the nodes with node-selector",
				x.Name, strings.Join(other, ", "), strings.Join(built, ", ")))
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
