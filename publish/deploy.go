package publish

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/deployfile/deployfile/manifests"
)

// Options configure how a verb changes an endpoint.
type Options struct {
	ApplyOptions
	// By is user@host, At the time; they become those of the revision.
	By string
	At time.Time
	// DryRun only reports what would change.
	DryRun bool
}

// Action is what a verb did.
type Action string

// The actions, as --json prints them.
const (
	Applied   Action = "applied"   // a revision was made
	Planned   Action = "planned"   // a revision would be made, but for DryRun
	Unchanged Action = "unchanged" // all is as it was asked for
)

// Outcome is what a verb did, or would do.
type Outcome struct {
	Action Action
	// Previous is the newest revision before the verb, nil if nothing was deployed.
	Previous *Revision
	// Revision is the newest one now or, for DryRun, what it would be.
	Revision Revision
	// Changes are the differences at the target.
	Changes []Change
}

// Deploy deploys a release to the endpoint, in place of the live one or beside it, as
// its target's strategy says. It is idempotent: if the newest revision asks for the
// same and nothing has changed at the target since, Deploy only waits until it is
// ready. A release without the digest of its lock gets that of a revision with the same
// image, if one has it. As with the other verbs, the outcome that comes with an error
// is what was tried. The error is an *OtherModelError if the endpoint has another
// model, unless ForceConflicts is set.
func Deploy(ctx context.Context, p Publisher, r manifests.Release, o Options) (*Outcome, error) {
	revisions, err := p.Revisions(ctx)
	if err != nil {
		return nil, err
	}
	var current *manifests.State
	if r.LockDigest == "" {
		if known := sameImages(revisions, r); known != nil {
			r.LockDigest, r.WorkingDir = known.LockDigest, known.WorkingDir
		}
	}
	if len(revisions) > 0 {
		current = &revisions[0].State
		if was := current.Live.Model; was != r.Model && !o.ForceConflicts {
			return nil, &OtherModelError{Endpoint: p.Endpoint(), Serves: was, Model: r.Model}
		}
	}
	return reach(ctx, p, revisions, manifests.Deployed(current, r), o)
}

// sameImages returns a release of the same images that says which lock they were built
// from, nil if no revision has one.
func sameImages(revisions []Revision, r manifests.Release) *manifests.Release {
	for _, known := range revisions {
		for _, s := range []*manifests.Slot{known.State.Next, &known.State.Live} {
			if s != nil && s.LockDigest != "" && s.Image == r.Image && s.ModelImage == r.ModelImage {
				return &s.Release
			}
		}
	}
	return nil
}

// Promote sends all requests to the next release. Without one, it does nothing. The
// error is a *NothingError if nothing is deployed.
func Promote(ctx context.Context, p Publisher, o Options) (*Outcome, error) {
	revisions, err := deployed(ctx, p)
	if err != nil {
		return nil, err
	}
	newest := revisions[0]
	state, ok := manifests.Promoted(newest.State)
	if !ok {
		return &Outcome{Action: Unchanged, Previous: &newest, Revision: newest}, nil
	}
	return reach(ctx, p, revisions, state, o)
}

// Rollback deploys the live release of an earlier revision alone: of the one with the
// given number or, if that is 0, of the newest that would change something, so a canary
// is removed before the release beside it. The error is a *NothingError if nothing is
// deployed, and a *NoRevisionError if the revision does not exist.
func Rollback(ctx context.Context, p Publisher, to int, o Options) (*Outcome, error) {
	revisions, err := deployed(ctx, p)
	if err != nil {
		return nil, err
	}
	current := revisions[0].State
	for _, r := range revisions {
		state := manifests.RolledBack(current, r.State)
		if r.Number == to || to == 0 && !manifests.Same(state, current) {
			return reach(ctx, p, revisions, state, o)
		}
	}
	missing := &NoRevisionError{Endpoint: p.Endpoint(), Number: to}
	for _, r := range revisions {
		missing.Have = append(missing.Have, r.Number)
	}
	return nil, missing
}

// deployed returns the revisions of an endpoint, which must have some.
func deployed(ctx context.Context, p Publisher) ([]Revision, error) {
	revisions, err := p.Revisions(ctx)
	if err == nil && len(revisions) == 0 {
		err = &NothingError{Endpoint: p.Endpoint()}
	}
	return revisions, err
}

// reach changes the endpoint with these revisions to state.
func reach(ctx context.Context, p Publisher, revisions []Revision, state manifests.State, o Options) (*Outcome, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	documents, err := manifests.Render(state)
	if err != nil {
		return nil, err
	}
	changes, err := p.Diff(ctx, documents)
	if err != nil {
		return nil, err
	}
	out := &Outcome{
		Action:   Applied,
		Revision: Revision{Number: 1, State: state, Documents: documents, By: o.By, At: o.At.UTC().Truncate(time.Second)},
		Changes:  changes,
	}
	if len(revisions) > 0 {
		out.Previous = &revisions[0]
		out.Revision.Number += revisions[0].Number
		if len(changes) == 0 && manifests.Same(revisions[0].State, state) {
			out.Action, out.Revision = Unchanged, revisions[0]
			if o.DryRun || o.NoWait {
				return out, nil
			}
			return out, await(ctx, p, out.Revision, o)
		}
		if revisions[0].Number >= MaxRevision {
			return nil, &LastRevisionError{Endpoint: p.Endpoint(), Number: revisions[0].Number}
		}
	}
	if o.DryRun {
		out.Action = Planned
		return out, nil
	}
	out.Revision, err = p.Apply(ctx, out.Revision, o.ApplyOptions)
	return out, err
}

// NoRevisionError reports a revision that cannot be rolled back to.
type NoRevisionError struct {
	Endpoint string
	// Number is the requested one, 0 for any earlier one.
	Number int
	// Have are the existing revisions, newest first.
	Have []int
}

// Error lists the existing revisions.
func (e *NoRevisionError) Error() string {
	have := strings.Trim(fmt.Sprint(e.Have), "[]")
	if e.Number == 0 {
		return fmt.Sprintf("%s has served nothing else before: there is nothing to roll back to in its revisions (%s)", e.Endpoint, have)
	}
	return fmt.Sprintf("%s has no revision %d; there are %s", e.Endpoint, e.Number, strings.ReplaceAll(have, " ", ", "))
}
