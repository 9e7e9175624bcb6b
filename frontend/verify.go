package frontend

import (
	"context"
	"errors"
	"fmt"

	bkllb "github.com/moby/buildkit/client/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
)

// verification is the verify step, if there is one that the builder can run.
func (b *build) verification(ctx context.Context, c *compiled) (bkllb.State, bool) {
	if !b.contents().server || b.File.Server.Verify == "never" || b.ui.BuildArgs[ArgVerify] == "0" {
		return bkllb.State{}, false
	}
	if !b.runs(c.plan.Platform) {
		b.warnText(ctx, "the image for "+c.plan.Platform+" was not verified: this builder cannot run it")
		return bkllb.State{}, false
	}
	return c.plan.Verify(c.inputs, c.image), true
}

// checkModelcar finds out whether KServe can start a modelcar on the base, if the
// builder can.
func (b *build) checkModelcar(ctx context.Context, c *compiled) error {
	if !b.runs(c.plan.Platform) {
		b.warnText(ctx, "the base for "+c.plan.Platform+" was not searched for sh, ln, ls, mkdir and sleep, which KServe starts in it: this builder cannot run it")
		return nil
	}
	_, err := b.resolver.Gateway.Solve(ctx, c.plan.ModelcarCheck(c.inputs, c.base.Config.Env))
	var exit *gwpb.ExitError
	if errors.As(err, &exit) {
		return at(b.File, fmt.Errorf("the base image cannot be a modelcar: KServe starts sh, ln, ls, mkdir and sleep in it, and it has not all of them; name a base that has, or take model-volume = true (%w)", err), "environment", "base")
	}
	return err
}

// runs says whether the builder can run programs of a platform, its own or by
// emulation.
func (b *build) runs(platform string) bool {
	for _, w := range b.client.BuildOpts().Workers {
		for _, p := range w.Platforms {
			if platformName(p) == platform {
				return true
			}
		}
	}
	return platform == b.resolver.BuildPlatform
}

// verify is the verify target: nothing, or the failure.
func (b *build) verify(ctx context.Context) (*gwclient.Result, error) {
	p, err := b.prepare(ctx)
	if err != nil {
		return nil, err
	}
	if err := b.checkModel(ctx, p); err != nil {
		return nil, err
	}
	for _, platform := range b.platforms() {
		c, err := b.compile(ctx, p, platform)
		if err != nil {
			return nil, err
		}
		if verify, ok := b.verification(ctx, c); ok {
			if _, err := b.resolver.Gateway.Solve(ctx, verify); err != nil {
				return nil, b.explain(ctx, c, err)
			}
		}
	}
	return gwclient.NewResult(), nil
}

// checkModel compares the model's files with the locked ones.
func (b *build) checkModel(ctx context.Context, p *prepared) error {
	now, err := b.resolver.ModelFiles(ctx, p.tools, b.context, b.File.Model.Source)
	if err != nil {
		return err
	}
	if changes := p.lock.ModelChanges(now); len(changes) > 0 {
		return &StaleLockError{File: b.lockName, Changes: changes}
	}
	return nil
}
