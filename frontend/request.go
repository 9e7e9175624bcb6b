package frontend

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/deployfile/deployfile/internal/platform"
	"github.com/deployfile/deployfile/resolver"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// The build arguments that are this frontend's own; buildx users give them
// with --build-arg.
const (
	// ArgLocked demands a lock when it is "1".
	ArgLocked = "DEPLOYFILE_LOCKED"
	// ArgVerify leaves the verify step out when it is "0".
	ArgVerify = "DEPLOYFILE_VERIFY"
	// ArgUpgrade lists packages, comma-separated, that the lock output takes
	// newer versions of; "*" is everything.
	ArgUpgrade = "DEPLOYFILE_UPGRADE"
	// ArgUpgradeModel is "1" for a lock output that takes the model that its source
	// stands for now.
	ArgUpgradeModel = "DEPLOYFILE_UPGRADE_MODEL"
	// ArgIndex is the URL of a package index that takes the place of the
	// default one, such as a mirror, with no change to the Deployfile. The
	// secret of the id "index" is its credential, if it wants one.
	ArgIndex = "DEPLOYFILE_INDEX"
	// ArgSizes is "1" for a plan that also measures what it is made of.
	ArgSizes = "DEPLOYFILE_SIZES"
	// ArgStepTimeout is how long a step may take that reaches the network or runs
	// a package's code, "30m"; toolchain.DefaultTime without it.
	ArgStepTimeout = "DEPLOYFILE_STEP_TIMEOUT"
)

// ownArg reports whether an argument means something that no Deployfile declares.
func ownArg(name string) bool {
	return strings.HasPrefix(name, "BUILDKIT_") || strings.HasSuffix(strings.ToLower(name), "_proxy") ||
		slices.Contains([]string{ArgLocked, ArgUpgrade, ArgUpgradeModel, ArgIndex, ArgStepTimeout, ArgVerify, ArgSizes, "SOURCE_DATE_EPOCH"}, name)
}

// request is what the caller asks for, and the builder that it asks.
type request struct {
	ui       *dockerui.Client
	client   gwclient.Client
	output   output
	images   images
	resolver *resolver.Resolver
}

func newRequest(c gwclient.Client) (*request, error) {
	ui, err := dockerui.NewClient(c)
	if err != nil {
		return nil, err
	}
	r := &request{ui: ui, client: c, output: findOutput(ui.Target), images: images{ui: ui, client: c, pulled: &pulled{all: map[string]pulledImage{}}}}
	limits, err := r.limits()
	if err != nil {
		return nil, err
	}
	r.resolver = &resolver.Resolver{
		Gateway: resolver.Gateway{
			Client:       c,
			CacheImports: ui.CacheImports,
			Constraints:  append(r.constraints(), bkllb.Platform(ui.BuildPlatforms[0])),
		},
		Network:       r.network(),
		Limits:        limits,
		BuildPlatform: platform.Name(ui.BuildPlatforms[0]),
		Images:        r.images,
	}
	return r, nil
}

// target returns the value of --target, and the default output's name without it.
func (r *request) target() string {
	if r.ui.Target == "" {
		return r.output.name
	}
	return r.ui.Target
}

// constraints returns the constraints of every vertex.
func (r *request) constraints() []bkllb.ConstraintsOpt {
	out := append([]bkllb.ConstraintsOpt{bkllb.WithCaps(r.client.BuildOpts().LLBCaps)}, r.resources()...)
	if r.ui.IsNoCache(r.target()) {
		out = append(out, bkllb.IgnoreCache)
	}
	return out
}

// network returns the options of steps that reach the network: the mode that
// --network of the caller sets, the proxy that is given by build arguments, as
// BuildKit passes it, and extra hosts.
func (r *request) network() []bkllb.RunOption {
	var out []bkllb.RunOption
	if r.ui.NetworkMode != bkllb.NetModeSandbox {
		out = append(out, bkllb.Network(r.ui.NetworkMode))
	}
	var proxy bkllb.ProxyEnv
	for _, name := range slices.Sorted(maps.Keys(r.ui.BuildArgs)) {
		value := r.ui.BuildArgs[name]
		switch strings.ToLower(name) {
		case "http_proxy":
			proxy.HTTPProxy = value
		case "https_proxy":
			proxy.HTTPSProxy = value
		case "ftp_proxy":
			proxy.FTPProxy = value
		case "all_proxy":
			proxy.AllProxy = value
		case "no_proxy":
			proxy.NoProxy = value
		}
	}
	if proxy != (bkllb.ProxyEnv{}) {
		out = append(out, bkllb.WithProxy(proxy))
	}
	for _, h := range r.ui.ExtraHosts {
		out = append(out, bkllb.AddExtraHost(h.Host, h.IP))
	}
	return out
}

// upgrade lists what the lock takes newer versions of.
func (r *request) upgrade() []string {
	if u := r.ui.BuildArgs[ArgUpgrade]; u != "" {
		return strings.Split(u, ",")
	}
	return nil
}

// UpgradesModel reports whether these build arguments say that a lock takes the model
// that its source stands for now.
func UpgradesModel(args map[string]string) bool {
	return args[ArgUpgradeModel] == "1" || slices.Contains(strings.Split(args[ArgUpgrade], ","), "*")
}

// created is SOURCE_DATE_EPOCH in RFC 3339, "" if it is not set.
func (r *request) created() (string, error) {
	v := r.ui.BuildArgs["SOURCE_DATE_EPOCH"]
	if v == "" {
		return "", nil
	}
	sec, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return "", fmt.Errorf("SOURCE_DATE_EPOCH %q is not a number of seconds: %w", v, err)
	}
	return time.Unix(sec, 0).UTC().Format(time.RFC3339), nil
}

// runs reports whether the builder can run programs of a platform, os/arch, its own
// or by emulation.
func (r *request) runs(name string) bool {
	for _, w := range r.client.BuildOpts().Workers {
		for _, p := range w.Platforms {
			if platform.Name(p) == name {
				return true
			}
		}
	}
	return name == r.resolver.BuildPlatform
}

// result makes a state the result of the build.
func (r *request) result(ctx context.Context, st bkllb.State) (*gwclient.Result, error) {
	def, err := st.Marshal(ctx, r.resolver.Gateway.Constraints...)
	if err != nil {
		return nil, err
	}
	return r.client.Solve(ctx, gwclient.SolveRequest{Definition: def.ToPB(), CacheImports: r.ui.CacheImports})
}
