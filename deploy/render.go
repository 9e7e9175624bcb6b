package deploy

import (
	"context"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
)

// RenderOptions say what is rendered.
type RenderOptions struct {
	Selection
	Images
}

// Rendered has the documents of one target.
type Rendered struct {
	Target deployfile.Target
	// Documents are in the order in which they are applied.
	Documents []manifests.Document
}

// Render returns what Deploy would give targets that have nothing yet. No target is
// asked, and no image is pushed: an image that is built has the digest that a push
// would have. With an image by its digest it needs neither a builder nor a registry.
func (d *Deployer) Render(ctx context.Context, o RenderOptions) ([]Rendered, error) {
	targets, err := d.Select(o.Selection)
	if err != nil {
		return nil, err
	}
	if err := o.check(targets); err != nil {
		return nil, err
	}
	var to []delivery
	for _, t := range targets {
		to = append(to, delivery{Target: t, dry: true})
	}
	releases, err := d.releases(ctx, o.Images, to)
	if err != nil {
		return nil, err
	}
	out := make([]Rendered, len(targets))
	for n, r := range releases {
		out[n].Target = targets[n]
		if out[n].Documents, err = manifests.Render(manifests.Deployed(nil, r)); err != nil {
			return nil, atTarget(targets[n], err)
		}
	}
	return out, nil
}
