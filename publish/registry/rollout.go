package registry

import (
	"context"
	"errors"
	"fmt"

	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/deployfile/deployfile/publish"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// rollout is the publish.Rollout of a plan. Its image is there when it begins, so
// only Switch changes something.
type rollout struct {
	*driver
	plan   *publish.Plan
	wanted *wanted
	image  v1.Hash
}

var _ publish.Rollout = (*rollout)(nil)

// moves returns what Switch has to move.
func (r *rollout) moves(ctx context.Context, tags look) ([]tagMove, error) {
	return r.driver.moves(ctx, r.wanted.Image, r.image, r.plan.Earlier, tags, r.plan.Options.ForceConflicts)
}

// Recover implements publish.Rollout.
func (r *rollout) Recover(ctx context.Context, left publish.Record) error {
	return r.moveBack(ctx, left)
}

// Start implements publish.Rollout.
func (r *rollout) Start(context.Context) error { return nil }

// Ready implements publish.Rollout: the repository has the image.
func (r *rollout) Ready(ctx context.Context) (publish.Readiness, error) {
	_, there, err := r.client.Digest(ctx, r.repository.Digest(r.image.String()))
	if err == nil && !there {
		err = &publish.UnreadyError{Reason: "the registry does not have " + r.named(r.image) + " any more"}
	}
	return publish.Readiness{Ready: err == nil}, err
}

// Switch implements publish.Rollout. Tags that the registry does not delete stay.
func (r *rollout) Switch(ctx context.Context) error {
	moves, err := r.moves(ctx, r.look)
	if err != nil {
		return err
	}
	say := r.plan.Options.Progress
	for _, m := range moves {
		err := r.client.Point(ctx, r.repository.Tag(m.tag), m.to)
		switch {
		case err == nil && m.to == nil:
			say(fmt.Sprintf("tag %s is deleted", m.tag))
		case err == nil:
			say(fmt.Sprintf("tag %s names %s", m.tag, m.to))
		case m.to == nil && registryclient.RefusesDeletion(err):
			say(fmt.Sprintf("tag %s stays where it is: the registry does not delete it", m.tag))
		default:
			return fmt.Errorf("tag %s: %w", m.tag, err)
		}
	}
	return nil
}

// Revert implements publish.Rollout.
func (r *rollout) Revert(ctx context.Context) error { return r.moveBack(ctx, r.plan.Record) }

// Prune implements publish.Rollout: earlier images are kept by the records.
func (r *rollout) Prune(context.Context) error { return nil }

// moveBack lets the tags that a record's rollout has moved name what they named
// before. A tag that something else has moved since stays.
func (r *rollout) moveBack(ctx context.Context, of publish.Record) error {
	var failed []error
	for _, m := range movesOf(of, r.plan.Previous) {
		now, err := r.look(ctx, m.tag)
		if before := m.undone(now); err == nil && before != now {
			err = r.client.Point(ctx, r.repository.Tag(m.tag), before)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("move tag %s back: %w", m.tag, err))
		}
	}
	return errors.Join(failed...)
}
