package deploy

import (
	"context"
	"strings"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/report"
)

// DefaultTimeout is how long a deployment may take to become ready: long enough to
// pull a large image to a node that never had it.
const DefaultTimeout = publish.DefaultTimeout

// ApplyOptions say how a target is changed.
type ApplyOptions struct {
	// Timeout limits the wait until the endpoint is ready, 0 for DefaultTimeout or what the
	// target's kind needs.
	Timeout time.Duration
	// NoWait returns when the target has accepted the revision. Nothing is rolled
	// back if it does not become ready.
	NoWait bool
	// ForceConflicts overwrites what others have changed at the target, and
	// replaces another model that the endpoint has.
	ForceConflicts bool
	// DryRun reports what would change, and changes nothing.
	DryRun bool
}

func (d *Deployer) applyOptions(t deployfile.Target, o ApplyOptions) publish.Options {
	return publish.Options{
		ApplyOptions: publish.ApplyOptions{
			Timeout: o.Timeout, NoWait: o.NoWait, ForceConflicts: o.ForceConflicts,
			Progress: func(line string) { d.progress().Say(t.Name + ": " + line) },
		},
		By: d.by(), At: time.Now(), DryRun: o.DryRun,
	}
}

// DeployOptions say what is deployed where.
type DeployOptions struct {
	Selection
	Images
	ApplyOptions
	// Each is called with the outcome of each target as soon as it is known; it may be
	// nil.
	Each func(report.Outcome)
}

// NotReachedError is a failure at a target because of which others were left out.
type NotReachedError struct {
	// Targets are the names of those that were not deployed to.
	Targets []string
	// Err is the failure.
	Err error
}

// Error has the failure, and then the targets.
func (e *NotReachedError) Error() string {
	return e.Err.Error() + "\nskipped: " + strings.Join(e.Targets, ", ")
}

// Unwrap returns the failure.
func (e *NotReachedError) Unwrap() error { return e.Err }

// Deploy deploys the model to targets, one after the other; they share a build. It ends
// at the first that fails, and the outcome of that one is the last. Its error is a
// *deployfile.TargetError with an error of package publish, in a *NotReachedError if
// there are further targets; *build.UsageError is for options that do not go together.
func (d *Deployer) Deploy(ctx context.Context, o DeployOptions) ([]report.Outcome, error) {
	targets, err := d.Select(o.Selection)
	if err != nil {
		return nil, err
	}
	if err := o.check(targets); err != nil {
		return nil, err
	}
	// A target that cannot be reached is known before the build.
	sessions, err := d.connectAll(ctx, targets)
	if err != nil {
		return nil, err
	}
	var to []delivery
	for _, s := range sessions {
		defer s.close()
		to = append(to, deliveryTo(s, o.DryRun))
	}
	if err := d.checkTargets(ctx, sessions); err != nil {
		return nil, err
	}
	releases, err := d.releases(ctx, o.Images, to)
	if err != nil {
		return nil, err
	}
	var out []report.Outcome
	for n, s := range sessions {
		d.progress().Wait(s.Name + ": comparing")
		outcome, err := d.apply(ctx, s, o.ApplyOptions, func(opt publish.Options) (*publish.Outcome, error) {
			return publish.Deploy(ctx, s.publisher, releases[n], opt)
		})
		out = append(out, outcome)
		if o.Each != nil {
			o.Each(outcome)
		}
		if err != nil {
			return out, skipped(targets[n+1:], err)
		}
	}
	return out, nil
}

// skipped adds the targets that are left out because of an error.
func skipped(targets []deployfile.Target, err error) error {
	if len(targets) == 0 {
		return err
	}
	e := &NotReachedError{Err: err}
	for _, t := range targets {
		e.Targets = append(e.Targets, t.Name)
	}
	return e
}

// Promote sends all requests to the release that waits beside the live one at a
// target, "" for the only one. Nothing is done if none waits.
func (d *Deployer) Promote(ctx context.Context, target string, o ApplyOptions) (report.Outcome, error) {
	return d.change(ctx, target, o, publish.Promote)
}

// Rollback lets the live release of an earlier revision serve again at a target, ""
// for the only one. The revision is the one with the number to or, if that is 0, the
// newest that differs from what is served.
func (d *Deployer) Rollback(ctx context.Context, target string, to int, o ApplyOptions) (report.Outcome, error) {
	return d.change(ctx, target, o, func(ctx context.Context, p publish.Publisher, opt publish.Options) (*publish.Outcome, error) {
		return publish.Rollback(ctx, p, to, opt)
	})
}

// change does one verb at one target.
func (d *Deployer) change(ctx context.Context, target string, o ApplyOptions, verb func(context.Context, publish.Publisher, publish.Options) (*publish.Outcome, error)) (report.Outcome, error) {
	s, err := d.open(ctx, target)
	if err != nil {
		return report.Outcome{}, err
	}
	defer s.close()
	return d.apply(ctx, s, o, func(opt publish.Options) (*publish.Outcome, error) {
		return verb(ctx, s.publisher, opt)
	})
}

// apply does one verb of package publish and reports its outcome.
func (d *Deployer) apply(ctx context.Context, s *session, o ApplyOptions, verb func(publish.Options) (*publish.Outcome, error)) (report.Outcome, error) {
	stop := d.reverting(ctx)
	done, err := verb(d.applyOptions(s.Target, o))
	stop()
	out := report.Outcome{Target: nameOf(s.Target), Action: report.Failed, Changes: []report.Change{}}
	if done != nil {
		out.Revision, out.Changes = done.Revision.Number, changes(done.Changes)
		out.Live, out.Next = slots(done.Revision.State)
		if done.Previous != nil {
			out.Previous = done.Previous.Number
		}
		if done.Action == publish.Planned {
			out.Differences = d.differences(ctx, done.Previous, done.Revision.State)
		}
	}
	if err != nil && ctx.Err() != nil && done != nil && done.Action == publish.Applied {
		err = &AbortedError{err}
	}
	if err == nil {
		out.Action = report.Action(done.Action)
		err = d.look(ctx, s, &out, done.Revision)
	}
	out.Problem = problem(err)
	return out, atTarget(s.Target, err)
}

// look completes an outcome with what the target says of the revision now.
func (d *Deployer) look(ctx context.Context, s *session, out *report.Outcome, made publish.Revision) error {
	if out.Action == report.Planned {
		return nil
	}
	d.progress().Wait(s.Name + ": looking")
	status, err := s.publisher.Status(ctx)
	if err != nil {
		return err
	}
	out.Ready, out.Message, out.URL = status.Ready, status.Message, status.URL
	// An interrupted deployment may have had the number.
	if r := status.Revision; r != nil && r.By == made.By && r.At.Equal(made.At) {
		out.Revision = r.Number
	}
	return nil
}

// slots returns what a state serves, and what waits beside it.
func slots(s manifests.State) (live, next *report.Slot) {
	if s.Next != nil {
		next = slotOf(*s.Next)
	}
	return slotOf(s.Live), next
}

func slotOf(s manifests.Slot) *report.Slot {
	out := &report.Slot{Track: s.Track, Model: s.Model, Version: s.Version, Image: s.Image, ModelImage: s.ModelImage, Lock: s.LockDigest, File: s.FileDigest}
	if s.Track == manifests.TrackCanary {
		out.Weight = manifests.RolloutOf(s.Target).Weight
	}
	return out
}

// changes converts a list that is never nil, so that JSON has [].
func changes(list []publish.Change) []report.Change {
	out := []report.Change{}
	for _, c := range list {
		out = append(out, report.Change(c))
	}
	return out
}
