package deploy

import (
	"context"
	"errors"

	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/report"
)

// DiffOptions say what is compared.
type DiffOptions struct {
	Selection
	Images
}

// Diff returns what Deploy would change at targets, in their order. The image is
// built and not pushed. A target that cannot be compared has its error in its
// report; the error is that of all of them.
func (d *Deployer) Diff(ctx context.Context, o DiffOptions) ([]report.TargetDiff, error) {
	targets, err := d.Select(o.Selection)
	if err != nil {
		return nil, err
	}
	if err := o.check(targets); err != nil {
		return nil, err
	}
	to := make([]delivery, len(targets))
	for n, t := range targets {
		to[n] = delivery{Target: t, dry: true}
	}
	if o.Image == "" {
		// A target that cannot be reached is known before the build, and the images
		// that an engine has tell how it names them.
		d.progress().Wait("connecting")
		if err := errors.Join(d.each(ctx, targets, func(n int, s *session) (err error) {
			s.revisions, err = s.publisher.Revisions(ctx)
			to[n] = deliveryTo(s, true)
			return err
		})...); err != nil {
			return nil, err
		}
	}
	releases, err := d.releases(ctx, o.Images, to)
	if err != nil {
		return nil, err
	}
	out := make([]report.TargetDiff, len(targets))
	d.progress().Wait("comparing")
	errs := d.each(ctx, targets, func(n int, s *session) error {
		done, err := publish.Deploy(ctx, s.publisher, releases[n], publish.Options{DryRun: true})
		if err != nil {
			return err
		}
		out[n].Different, out[n].Changes = done.Action == publish.Planned, changes(done.Changes)
		if done.Previous != nil {
			out[n].Revision = done.Previous.Number
		}
		out[n].Differences = d.differences(ctx, done.Previous, done.Revision.State)
		return nil
	})
	for n, t := range targets {
		out[n].Target, out[n].Problem = nameOf(t), problem(errs[n])
		if out[n].Changes == nil {
			out[n].Changes = []report.Change{}
		}
	}
	return out, errors.Join(errs...)
}
