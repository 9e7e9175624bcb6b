package frontend

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/containerd/platforms"
	"github.com/deployfile/deployfile/llb"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
)

// compiled is a build of one platform: its plan and its states.
type compiled struct {
	*locked

	plan   *llb.Plan
	states llb.Inputs
	// layers are the layers of the output's image.
	layers *llb.Image
	base   dockerspec.DockerOCIImage
}

// AttrCompression is the frontend's option by which a client says how it exports layers, if
// not with gzip.
const AttrCompression = "deployfile-compression"

// contents returns the contents of the output's image.
func (r *request) contents() *contents {
	if r.output.image == nil {
		return wholeImage()
	}
	return r.output.image
}

// compile makes the plan of one platform and its states.
func (l *locked) compile(ctx context.Context, platform string) (*compiled, error) {
	base, config, err := l.images.image(ctx, "base", l.lock.Base.Ref, l.lock.Base.Digest, platform)
	if err != nil {
		return nil, l.found.locate(err)
	}
	plan, err := l.plan(platform, config.Config.Env)
	if err != nil {
		return nil, err
	}
	contents := l.contents()
	if contents.reduce != nil {
		contents.reduce(plan)
	}
	if contents.environment && len(plan.SystemPackages) > 0 && !l.runs(platform) {
		return nil, at(l.file, fmt.Errorf("system packages run scripts while they are installed, and this builder (%s) runs no programs for %s: build on a builder for %s, or on one that emulates it, or name a base that has the packages", l.resolver.BuildPlatform, platform, platform), "environment", "system-packages")
	}
	runsOn, err := platforms.Parse(platform)
	if err != nil {
		return nil, err
	}
	caps := l.client.BuildOpts().LLBCaps
	c := &compiled{locked: l, plan: plan, base: *config, states: llb.Inputs{
		Base:        base.State,
		Context:     l.context,
		Toolchain:   l.tools,
		Indexes:     l.found.env.indexes,
		Merge:       caps.Supports(pb.CapMergeOp) == nil,
		Several:     len(l.platforms()) > 1,
		Compression: l.client.BuildOpts().Opts[AttrCompression],
		Constraints: append(l.constraints(), bkllb.Platform(runsOn)),
	}}
	c.layers, err = contents.layers(plan, c.states)
	return c, err
}

// plan makes the plan of one platform, whose base has that environment.
func (l *locked) plan(platform string, env []string) (*llb.Plan, error) {
	locked := l.lock.Platform(platform)
	if locked == nil {
		return nil, fmt.Errorf("the lock does not hold platform %s", platform)
	}
	pylock, err := locked.ParsePylock(l.pylocks[locked.Pylock])
	if err != nil {
		return nil, err
	}
	created, err := l.created()
	if err != nil {
		return nil, err
	}
	opts := l.client.BuildOpts().Opts
	return llb.NewPlan(llb.Sources{
		File:          l.file,
		Model:         l.found.Model,
		Lock:          l.lock,
		Pylock:        pylock,
		Platform:      platform,
		BuildPlatform: l.resolver.BuildPlatform,
		BaseEnv:       env,
		Labels:        l.ui.Labels,
		Created:       created,
		Source:        withoutUser(opts["vcs:source"]),
		Revision:      opts["vcs:revision"],
	})
}

// withoutUser drops the credentials of a repository's URL, which a label must not have.
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
