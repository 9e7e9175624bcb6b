package frontend

import (
	"context"
	"fmt"

	"github.com/deployfile/deployfile/internal/eject"
	"github.com/deployfile/deployfile/llb"
	bkllb "github.com/moby/buildkit/client/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// buildWheels returns the wheels output: a directory of the wheels that no index has.
func buildWheels(ctx context.Context, in *inputs) (*gwclient.Result, error) {
	l, err := in.useLock(ctx)
	if err != nil {
		return nil, err
	}
	made, err := l.compileAll(ctx)
	if err != nil {
		return nil, err
	}
	st := bkllb.Scratch()
	for _, c := range made {
		if st, err = c.plan.PutOwnWheels(st, c.states); err != nil {
			return nil, err
		}
	}
	return made[0].explained(ctx, st)
}

// explained solves a state, and explains the error of a failed step.
func (c *compiled) explained(ctx context.Context, st bkllb.State) (*gwclient.Result, error) {
	result, err := c.result(ctx, st)
	return result, c.explain(ctx, err)
}

// buildEject returns the eject output: a directory with a Dockerfile and the files that
// it copies.
func buildEject(ctx context.Context, in *inputs) (*gwclient.Result, error) {
	l, err := in.useLock(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.checkModel(ctx); err != nil {
		return nil, err
	}
	made, err := l.compileAll(ctx)
	if err != nil {
		return nil, err
	}
	plans := make([]*llb.Plan, len(made))
	for n, c := range made {
		plans[n] = c.plan
	}
	files, err := eject.Files(eject.Input{Plans: plans, BaseEnv: made[0].base.Config.Env, Indexes: in.found.env.indexes, Links: l.lock.Inputs.FindLinks(), UV: l.lock.UV})
	if err != nil {
		return nil, fmt.Errorf("eject: %w", err)
	}
	st := made[0].plan.PutContent(directory(files), made[0].states)
	for _, c := range made {
		if st, err = c.plan.PutOwnWheels(st, c.states); err != nil {
			return nil, err
		}
	}
	return made[0].explained(ctx, st)
}

// compileAll compiles every platform.
func (l *locked) compileAll(ctx context.Context) ([]*compiled, error) {
	var out []*compiled
	for _, platform := range l.platforms() {
		c, err := l.compile(ctx, platform)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}
