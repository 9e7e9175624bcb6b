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
		return lint.Result(nil, withSource(failure, sourceInfo(b.source)), b.source)
	}
	if failure == nil {
		failure = b.stale()
	}
	// The date is one of a judgement, not of anything that is built.
	today := time.Now()
	if failure == nil && b.lock != nil {
		b.askYanked(ctx, today)
	}
	return lint.Result(b.Lint(b.lock, b.pylocks, today), withSource(failure, sourceInfo(b.source)), b.source)
}

// askYanked asks the indexes for what they have withdrawn. Where that cannot be
// asked, the rest is judged all the same.
func (b *build) askYanked(ctx context.Context, today time.Time) {
	tools, err := b.resolver.Toolchain(ctx, b.lock, b.File.Environment.CA, b.env.indexes)
	var unknown []string
	if err == nil {
		b.Yanked, unknown, err = b.resolver.Yanked(ctx, tools, parsed(b.pylocks), b.env.indexes, today)
	}
	if err != nil {
		unknown = []string{err.Error()}
	}
	for _, u := range unknown {
		b.warnText(ctx, "yanked-requirement: not known: "+u)
	}
}
