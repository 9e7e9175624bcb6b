package frontend

import (
	"context"
	"time"

	"github.com/deployfile/deployfile/lint"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// lint judges the Deployfile and the model; what keeps them from being built
// is part of the answer.
func (b *build) lint(ctx context.Context) (*gwclient.Result, error) {
	failure := b.read(ctx)
	if b.source == nil {
		return nil, failure
	}
	if b.file == nil {
		return lint.Result(nil, failure, b.source)
	}
	found := &Inspection{File: b.file, Diagnostics: b.diagnostics, Model: b.model, env: b.env}
	if failure == nil {
		failure = b.stale()
	}
	// The date is one of a judgement, not of anything that is built.
	return lint.Result(found.Lint(b.lock, b.pylocks, time.Now()), failure, b.source)
}

// stale says how the lock does not fit, nil if it does or there is none.
func (b *build) stale() error {
	if b.lock == nil {
		return nil
	}
	changes := b.lock.Inputs.Changes(b.env.inputs)
	for _, p := range b.platforms() {
		if b.lock.Platform(p) == nil {
			changes = append(changes, "platform "+p+" is not in it; add it to [image] platforms")
		}
	}
	if err := b.lock.VerifyPylocks(b.pylocks); err != nil {
		changes = append(changes, err.Error())
	}
	if len(changes) == 0 {
		return nil
	}
	return &StaleLockError{File: b.lockName, Changes: changes}
}
