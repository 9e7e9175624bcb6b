package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/deployfile/deployfile/publish"
)

// targetDiffOptions are the flags of the diff command for targets.
type targetDiffOptions struct {
	releaseFlags
	targets     []string
	all, asJSON bool
}

// targetDifference is what diff --json prints for each target.
type targetDifference struct {
	targetName
	Revision  int              `json:"revision"`
	Different bool             `json:"different"`
	Changes   []publish.Change `json:"changes"`
	Error     string           `json:"error,omitempty"`
}

// differentError says that deploy would change something.
type differentError struct{ targets int }

func (e *differentError) Error() string {
	if e.targets == 1 {
		return "deployfile deploy would change the target"
	}
	return fmt.Sprintf("deployfile deploy would change %d targets", e.targets)
}

func targetDiff(ctx context.Context, s streams, o targetDiffOptions) error {
	p, err := o.open(ctx)
	if err != nil {
		return err
	}
	targets, err := p.targets(o.targets, o.all)
	if err != nil {
		return err
	}
	if err := o.check(targets); err != nil {
		return err
	}
	steps := newSteps(s.console, o.progress)
	defer steps.close()
	to := make([]delivery, len(targets))
	for n, t := range targets {
		to[n] = delivery{Target: t, dry: true}
	}
	if o.image == "" {
		// A target that cannot be reached is known before the build, and what an
		// engine has tells how it calls its images.
		steps.wait("connecting")
		if err := errors.Join(eachPlace(ctx, targets, steps, func(n int, at *place) (err error) {
			at.revisions, err = at.publisher.Revisions(ctx)
			to[n] = deliveryTo(at, true)
			return err
		})...); err != nil {
			return err
		}
	}
	releases, err := o.releases(ctx, s, p, to, steps)
	if err != nil {
		return err
	}
	out := make([]targetDifference, len(targets))
	steps.wait("comparing")
	errs := eachPlace(ctx, targets, steps, func(n int, at *place) error {
		done, err := publish.Deploy(ctx, at.publisher, releases[n], publish.Options{Endpoint: at.Endpoint, DryRun: true})
		if err != nil {
			return err
		}
		out[n].Different, out[n].Changes = done.Action == publish.Planned, done.Changes
		if done.Previous != nil {
			out[n].Revision = done.Previous.Number
		}
		return nil
	})
	steps.done()
	different := 0
	for n, t := range targets {
		out[n].targetName = nameOf(t)
		if errs[n] != nil {
			out[n].Error = errs[n].Error()
		}
		if out[n].Changes == nil {
			out[n].Changes = []publish.Change{}
		}
		if out[n].Different {
			different++
		}
	}
	if o.asJSON {
		err = writeJSON(s.out, out)
	} else {
		for n := range out {
			out[n].text(s)
		}
	}
	if err := errors.Join(append(errs, err)...); err != nil {
		return err
	}
	if different > 0 {
		return &differentError{different}
	}
	return nil
}

func (d *targetDifference) text(s streams) {
	switch {
	case d.Error != "":
	case !d.Different:
		fmt.Fprintf(s.text, "%s: no difference to revision %d of %s\n", d.Target, d.Revision, d.Endpoint)
	default:
		writeChanges(s.text, d.Changes, false)
		fmt.Fprintf(s.text, "%s: %s differs: %s\n", d.Target, d.Endpoint, countChanges(d.Changes))
	}
}
