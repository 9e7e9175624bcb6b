// Package folder deploys to a directory. Each revision is a directory in it, and
// the link "live" leads to the live one.
package folder

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/folder"
	"github.com/deployfile/deployfile/publish"
)

// Open returns the publisher of a target.
func Open(t deployfile.Target) (*publish.Engine, error) {
	keys, err := deployfile.Of[*spec.Spec](t)
	if err != nil {
		return nil, err
	}
	s := store{filepath.Join(keys.Path, t.Endpoint)}
	return publish.NewEngine(t.Endpoint, s, driver{s}), nil
}

// driver is the publish.Driver of an endpoint.
type driver struct{ store }

func (d driver) link() string { return filepath.Join(d.dir, "live") }

// Diff implements publish.Driver.
func (d driver) Diff(_ context.Context, _ []publish.Record, documents []manifests.Document) ([]publish.Change, error) {
	change := publish.Change{Action: "create", Object: d.link()}
	for _, wanted := range documents {
		there, err := os.ReadFile(filepath.Join(d.link(), wanted.Name))
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return nil, err
		case bytes.Equal(there, wanted.Body):
			return nil, nil
		default:
			change.Action = "update"
		}
	}
	return []publish.Change{change}, nil
}

// Status implements publish.Driver.
func (d driver) Status(ctx context.Context, records []publish.Record, newest *publish.Record) (*publish.Status, error) {
	if newest == nil {
		return &publish.Status{}, nil
	}
	changes, err := d.Diff(ctx, records, newest.Documents)
	if err != nil || len(changes) == 0 {
		return &publish.Status{Ready: err == nil}, err
	}
	return &publish.Status{Message: d.link() + " was changed by others"}, nil
}

// Removals implements publish.Driver.
func (d driver) Removals(context.Context, []publish.Record) ([]publish.Change, error) {
	if _, err := os.Lstat(d.link()); err != nil {
		return nil, nil
	}
	return []publish.Change{{Action: "delete", Object: d.link()}}, nil
}

// Delete implements publish.Driver.
func (d driver) Delete(context.Context, []publish.Record) error { return os.RemoveAll(d.link()) }

// Close implements publish.Driver.
func (driver) Close() error { return nil }

// Prepare implements publish.Driver.
func (d driver) Prepare(_ context.Context, p *publish.Plan) (publish.Rollout, error) {
	return rollout{d, p}, nil
}

// rollout is the publish.Rollout of a plan.
type rollout struct {
	driver
	plan *publish.Plan
}

// lead makes the link lead to a revision; nil is for none.
func (r rollout) lead(to *publish.Record) error {
	if to == nil {
		return os.RemoveAll(r.link())
	}
	next := r.link() + ".next"
	if err := os.RemoveAll(next); err != nil {
		return err
	}
	if err := os.Symlink(filepath.Base(r.path(to.Number)), next); err != nil {
		return err
	}
	return os.Rename(next, r.link())
}

// Start implements publish.Rollout: the store has written the documents.
func (r rollout) Start(context.Context) error { return nil }

// Ready implements publish.Rollout.
func (r rollout) Ready(context.Context) (publish.Readiness, error) {
	return publish.Readiness{Ready: true}, nil
}

// Switch implements publish.Rollout.
func (r rollout) Switch(context.Context) error { return r.lead(&r.plan.Record) }

// Revert implements publish.Rollout.
func (r rollout) Revert(context.Context) error { return r.lead(r.plan.Previous) }

// Recover implements publish.Rollout: a rollout that died may have switched.
func (r rollout) Recover(context.Context, publish.Record) error { return r.lead(r.plan.Previous) }

// Prune implements publish.Rollout: the store removes what is too old.
func (r rollout) Prune(context.Context) error { return nil }
