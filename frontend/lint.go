package frontend

import (
	"context"
	"time"

	"github.com/deployfile/deployfile/lint"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// lintResult judges the Deployfile and the model; what keeps them from being built
// is part of the answer.
func (b *build) lintResult(ctx context.Context) (*gwclient.Result, error) {
	failure := b.read(ctx)
	if b.source == nil {
		return nil, failure
	}
	if b.File == nil {
		return lint.Result(nil, failure, b.source)
	}
	if failure == nil {
		failure = b.stale()
	}
	// The date is one of a judgement, not of anything that is built.
	return lint.Result(b.Lint(b.lock, b.pylocks, time.Now()), failure, b.source)
}
