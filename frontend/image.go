package frontend

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/platforms"
	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
)

// prepared is the lock and what every platform's build shares.
type prepared struct {
	lock    *resolver.Lock
	pylocks map[string][]byte
	tools   toolchain.Toolchain
}

// compiled is one platform's plan and states.
type compiled struct {
	plan   *llb.Plan
	inputs llb.Inputs
	image  *llb.Image
	base   dockerspec.DockerOCIImage
}

func (b *build) prepare(ctx context.Context) (*prepared, error) {
	lock, pylocks, err := b.locked(ctx)
	if err != nil {
		return nil, err
	}
	tools, err := b.resolver.Toolchain(ctx, lock, b.File.Environment.CA, b.env.indexes)
	if err != nil {
		return nil, err
	}
	return &prepared{lock: lock, pylocks: pylocks, tools: tools}, nil
}

// compile makes the plan of one platform and its states.
func (b *build) compile(ctx context.Context, p *prepared, platform string) (*compiled, error) {
	locked := p.lock.Platform(platform)
	if locked == nil {
		return nil, fmt.Errorf("the lock does not hold platform %s", platform)
	}
	pylock, err := resolver.ParsePylock(p.pylocks[locked.Pylock])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", locked.Pylock, err)
	}
	base, config, err := b.images.image(ctx, "base", p.lock.Base.Ref, p.lock.Base.Digest, platform)
	if err != nil {
		return nil, b.locate(err)
	}
	created, err := b.created()
	if err != nil {
		return nil, err
	}
	opts := b.client.BuildOpts()
	plan, err := llb.NewPlan(llb.Sources{
		File:          b.File,
		Model:         b.Model,
		Lock:          p.lock,
		Pylock:        pylock,
		Platform:      platform,
		BuildPlatform: b.resolver.BuildPlatform,
		BaseEnv:       config.Config.Env,
		Labels:        b.ui.Labels,
		Created:       created,
		Source:        withoutUser(opts.Opts["vcs:source"]),
		Revision:      opts.Opts["vcs:revision"],
	})
	if err != nil {
		return nil, err
	}
	contents := b.contents()
	if contents.reduce != nil {
		contents.reduce(plan)
	}
	if contents.environment && len(plan.SystemPackages) > 0 && !b.runs(platform) {
		return nil, at(b.File, fmt.Errorf("system packages run scripts while they are installed, and this builder (%s) runs no programs for %s: build on a builder for %s, or on one that emulates it, or name a base that has the packages", b.resolver.BuildPlatform, platform, platform), "environment", "system-packages")
	}
	runsOn, err := platforms.Parse(platform)
	if err != nil {
		return nil, err
	}
	c := &compiled{plan: plan, base: *config, inputs: llb.Inputs{
		Base:        base.State,
		Context:     b.context,
		Toolchain:   p.tools,
		Indexes:     b.env.indexes,
		Merge:       opts.LLBCaps.Supports(pb.CapMergeOp) == nil,
		Constraints: append(b.constraints(), bkllb.Platform(runsOn)),
	}}
	c.image, err = contents.layers(plan, c.inputs)
	return c, err
}

// contents is what the image has in it that is built, or that the output is about.
func (b *build) contents() *contents {
	if b.output.image == nil {
		return wholeImage()
	}
	return b.output.image
}

// withoutUser drops what a repository's URL may hold and a label must not.
func withoutUser(repository string) string {
	if scpAddress.MatchString(repository) {
		return repository
	}
	u, err := url.Parse(repository)
	if err != nil || u.Opaque != "" || u.Host == "" && strings.Contains(repository, "@") {
		return ""
	}
	u.User = nil
	return u.String()
}

// scpAddress is git's short form of an SSH address, user@host:path.
var scpAddress = regexp.MustCompile(`^[A-Za-z0-9._-]+@[A-Za-z0-9._-]+:[^@]*$`)

// created is SOURCE_DATE_EPOCH in RFC 3339, "" if it is not set.
func (b *build) created() (string, error) {
	v := b.ui.BuildArgs["SOURCE_DATE_EPOCH"]
	if v == "" {
		return "", nil
	}
	sec, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return "", fmt.Errorf("SOURCE_DATE_EPOCH %q is not a number of seconds: %w", v, err)
	}
	return time.Unix(sec, 0).UTC().Format(time.RFC3339), nil
}

// image is the image target. The model's hashes, the image and its
// verification are worked out side by side.
func (b *build) image(ctx context.Context) (*gwclient.Result, error) {
	if err := b.checkFormat(ctx); err != nil {
		return nil, err
	}
	p, err := b.prepare(ctx)
	if err != nil {
		return nil, err
	}
	eg, egctx := errgroup.WithContext(ctx)
	eg.Go(func() error { return b.checkModel(egctx, p) })
	if err := b.setPlatforms(); err != nil {
		return nil, err
	}
	var result *dockerui.ResultBuilder
	made := make([]*compiled, len(b.ui.TargetPlatforms))
	eg.Go(func() (err error) {
		result, err = b.ui.Build(egctx, func(ctx context.Context, platform *ocispecs.Platform, n int) (*dockerui.BuildResult, error) {
			var err error
			if made[n], err = b.compile(ctx, p, platformName(*platform)); err != nil {
				return nil, err
			}
			return b.imageOf(ctx, made[n])
		})
		return err
	})
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	for _, c := range made {
		if err := b.attest(ctx, result.Result, c.plan.Platform, c); err != nil {
			return nil, err
		}
	}
	return result.Finalize()
}

// setPlatforms makes dockerui build for the platforms that b.platforms says.
func (b *build) setPlatforms() error {
	names := b.platforms()
	b.ui.TargetPlatforms = nil
	for _, name := range names {
		p, err := platforms.Parse(name)
		if err != nil {
			return err
		}
		b.ui.TargetPlatforms = append(b.ui.TargetPlatforms, p)
	}
	b.ui.MultiPlatformRequested = b.ui.MultiPlatformRequested || len(names) > 1
	return nil
}

func (b *build) imageOf(ctx context.Context, c *compiled) (*dockerui.BuildResult, error) {
	config, base, err := b.contents().config(c.plan, c.base)
	if err != nil {
		return nil, err
	}
	var checks []bkllb.State
	if b.contents().server {
		checks = append(checks, c.inputs.Toolchain.Run(resolver.ModelStep(b.context, b.File.Model.Source)))
	}
	verify, verifies := b.verification(ctx, c)
	if verifies {
		checks = append(checks, verify)
	}
	c.image.State = c.plan.Checked(c.inputs, c.image, checks...)
	var ref gwclient.Reference
	eg, egctx := errgroup.WithContext(ctx)
	if verifies && !c.inputs.Merge {
		eg.Go(func() error {
			_, err := b.resolver.Gateway.Solve(egctx, verify)
			return err
		})
	}
	if check := b.contents().check; check != nil {
		eg.Go(func() error { return check(b, egctx, c) })
	}
	eg.Go(func() (err error) {
		// This makes the layers, and does not put their files together.
		ref, err = b.resolver.Gateway.Solve(egctx, c.image.State)
		return err
	})
	if err := eg.Wait(); err != nil {
		return nil, b.explain(ctx, c, err)
	}
	return &dockerui.BuildResult{Reference: ref, Image: config, BaseImage: base, Epoch: config.Created}, nil
}
