package build

import (
	"context"
	"errors"
	"maps"

	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/frontend"
)

// refreshable returns what a build failed of if a new lock mends it that gives no
// package another version: the model's files alone differ from the lock.
func refreshable(err error, o Options) *frontend.StaleLockError {
	var stale *frontend.StaleLockError
	if o.Refreshed == nil || o.Args[frontend.ArgLocked] == "1" || !errors.As(err, &stale) || !stale.Model {
		return nil
	}
	return stale
}

// refreshLock makes the lock again, and writes it beside the Deployfile.
func refreshLock(ctx context.Context, b *builder.Builder, o Options) error {
	old, err := ReadLock(ctx, o.FilePath()+LockSuffix)
	if err != nil {
		return err
	}
	// Those that this build is not for keep their place.
	o.Platforms = old.platforms()
	var made map[string][]byte
	o.Target, o.Outputs, o.Exports, o.CacheTo, o.Args = frontend.OutputLock, nil, nil, nil, maps.Clone(o.Args)
	o.Then = func(ctx context.Context, built *Built) (err error) {
		made, err = built.Files(ctx)
		return err
	}
	// What was needed to find that out has been shown.
	o.Repeated = true
	if _, err := run(ctx, b, o); err != nil {
		return err
	}
	return old.Replace(made)
}
