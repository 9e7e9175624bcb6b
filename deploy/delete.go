package deploy

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/deployfile/deployfile/report"
)

// DeleteOptions say what is deleted.
type DeleteOptions struct {
	Selection
	// Timeout limits the removal at each target, 0 for DefaultTimeout.
	Timeout time.Duration
	// DryRun reports what would be removed, and removes nothing.
	DryRun bool
}

// Delete removes all that was ever deployed to targets, with all revisions. Deleting
// what does not exist succeeds, and what a Delete has left is removed by another. A
// target where it fails has its error in its report; the error is that of all.
func (d *Deployer) Delete(ctx context.Context, o DeleteOptions) ([]report.Deletion, error) {
	targets, err := d.Select(o.Selection)
	if err != nil {
		return nil, err
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	d.progress().Wait("deleting")
	out := make([]report.Deletion, len(targets))
	errs := d.each(ctx, targets, func(n int, s *session) error {
		if o.DryRun {
			removals, err := s.publisher.Removals(ctx)
			for _, c := range removals {
				out[n].Changes = append(out[n].Changes, report.Change(c))
			}
			return err
		}
		limited, cancel := context.WithTimeout(ctx, o.Timeout)
		defer cancel()
		err := s.publisher.Delete(limited)
		if err != nil && limited.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("not all is removed after %s: %w\nrun deployfile delete again", o.Timeout, err)
		}
		return err
	})
	for n, t := range targets {
		out[n].Target, out[n].Deleted, out[n].Problem = nameOf(t), errs[n] == nil && !o.DryRun, problem(errs[n])
	}
	return out, errors.Join(errs...)
}
