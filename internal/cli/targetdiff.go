package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/deployfile/deployfile/deploy"
	"github.com/deployfile/deployfile/report"
)

// targetDiffOptions are the flags of the diff command for targets.
type targetDiffOptions struct {
	releaseFlags
	targets     []string
	all, asJSON bool
}

// differentError reports that deploy would change something.
type differentError struct{ targets int }

func (e *differentError) Error() string {
	if e.targets == 1 {
		return "deployfile deploy would change the target"
	}
	return fmt.Sprintf("deployfile deploy would change %d targets", e.targets)
}

func targetDiff(ctx context.Context, s streams, o targetDiffOptions) error {
	steps := newSteps(s, o.progress, false)
	defer steps.close()
	d, err := o.deployer(ctx, s, o.directory, steps)
	if err != nil {
		return err
	}
	d.Build.Patience = patience
	out, err := d.Diff(ctx, deploy.DiffOptions{Selection: deploy.Selection{Names: o.targets, All: o.all}, Images: o.images})
	if out == nil {
		return err
	}
	steps.Done()
	different := 0
	for _, t := range out {
		if t.Different {
			different++
		}
		if !o.asJSON {
			targetDiffText(s, t)
		}
	}
	if o.asJSON {
		err = errors.Join(err, s.result(out))
	}
	if err == nil && different > 0 {
		err = &differentError{different}
	}
	return err
}

func targetDiffText(s streams, d report.TargetDiff) {
	name := d.Target.Target
	switch {
	case d.Error != "":
	case !d.Different:
		fmt.Fprintf(s.text, "%s: no difference to revision %d of %s\n", name, d.Revision, d.Endpoint)
	default:
		writeChanges(s.text, d.Changes, false)
		writeDifferences(s.text, d.Differences)
		fmt.Fprintf(s.text, "%s: %s differs: %s\n", name, d.Endpoint, countChanges(d.Changes))
	}
}
