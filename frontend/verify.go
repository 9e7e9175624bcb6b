package frontend

import (
	"context"
	"errors"
	"fmt"

	bkllb "github.com/moby/buildkit/client/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	gwpb "github.com/moby/buildkit/frontend/gateway/pb"
)

// verification returns the verify step, if there is one that the builder can run.
func (c *compiled) verification(ctx context.Context) (bkllb.State, bool) {
	if !c.contents().server || c.file.Server.Verify == "never" || c.ui.BuildArgs[ArgVerify] == "0" {
		return bkllb.State{}, false
	}
	if !c.runs(c.plan.Platform) {
		c.warnText(ctx, "the image for "+c.plan.Platform+" was not verified: this builder cannot run it")
		return bkllb.State{}, false
	}
	return c.plan.Verify(c.states, c.layers), true
}

// checkModelcar finds out whether KServe can start a modelcar on the base, if the
// builder can.
func checkModelcar(ctx context.Context, c *compiled) error {
	if !c.runs(c.plan.Platform) {
		c.warnText(ctx, "the base for "+c.plan.Platform+" was not searched for sh, ln, ls, mkdir and sleep, which KServe starts in it: this builder cannot run it")
		return nil
	}
	_, err := c.resolver.Gateway.Solve(ctx, c.plan.ModelcarCheck(c.states, c.base.Config.Env))
	var exit *gwpb.ExitError
	if errors.As(err, &exit) {
		return at(c.file, fmt.Errorf("the base image cannot be a modelcar: KServe starts sh, ln, ls, mkdir and sleep in it, and at least one is missing; name a base that has them, or set model-volume = true (%w)", err), "environment", "base")
	}
	return err
}

// buildVerify builds the verify output: nothing, or the failure.
func buildVerify(ctx context.Context, in *inputs) (*gwclient.Result, error) {
	l, err := in.useLock(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.checkModel(ctx); err != nil {
		return nil, err
	}
	for _, platform := range in.platforms() {
		c, err := l.compile(ctx, platform)
		if err != nil {
			return nil, err
		}
		if verify, ok := c.verification(ctx); ok {
			if _, err := in.resolver.Gateway.Solve(ctx, verify); err != nil {
				return nil, c.explain(ctx, err)
			}
		}
	}
	return gwclient.NewResult(), nil
}
