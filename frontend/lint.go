package frontend

import (
	"context"
	"time"

	"github.com/deployfile/deployfile/internal/lint"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// lintResult judges the Deployfile and the model; what keeps them from being built
// is part of the answer.
func (r *request) lintResult(ctx context.Context) (*gwclient.Result, error) {
	d, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	p, err := d.parse(ctx)
	if err != nil {
		return lint.Result(nil, d.locateSource(err), d.source)
	}
	in, failure := p.read(ctx)
	if failure == nil {
		failure = in.stale()
	}
	in.found.Builder = r.resolver.BuildPlatform
	// The date affects the findings, and nothing that is built.
	today := time.Now()
	if failure == nil && in.beside.lock != nil {
		in.askYanked(ctx, today)
	}
	return lint.Result(in.found.Lint(in.beside.lock, in.beside.pylocks, today), d.locateSource(failure), d.source)
}

// askYanked asks the indexes which locked files were withdrawn. Without an answer, the
// other rules are still checked.
func (in *inputs) askYanked(ctx context.Context, today time.Time) {
	indexes := in.found.env.indexes
	tools, err := in.resolver.Toolchain(ctx, in.beside.lock, in.file.Environment.CA, indexes)
	var unknown []string
	if err == nil {
		in.found.Yanked, unknown, err = in.resolver.Yanked(ctx, tools, parsed(in.beside.pylocks), indexes, today)
	}
	if err != nil {
		unknown = []string{err.Error()}
	}
	for _, u := range unknown {
		in.warnText(ctx, "yanked-requirement: not known: "+u)
	}
}
