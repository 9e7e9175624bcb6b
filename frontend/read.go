package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/containerd/platforms"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// build is one run of the frontend, and what it has found so far.
type build struct {
	Inspection

	ui     *dockerui.Client
	client gwclient.Client
	images images
	output output

	source   *bkllb.SourceMap
	warnings func(context.Context, string, gwclient.WarnOpts)
	// dir is the Deployfile's folder in the client's.
	dir      string
	context  bkllb.State
	resolver *resolver.Resolver

	// lockName is the lock's file name; lock and pylocks are what lies beside
	// the Deployfile, nil if nothing does.
	lockName string
	lock     *resolver.Lock
	pylocks  map[string][]byte
}

// read reads the Deployfile, the lock and the model.
func (b *build) read(ctx context.Context) error {
	if err := b.readFile(ctx); err != nil {
		return err
	}
	if err := b.readLock(ctx); err != nil {
		return err
	}
	return b.readModel(ctx)
}

// readFile reads the Deployfile alone.
func (b *build) readFile(ctx context.Context) error {
	name := b.client.BuildOpts().Opts["filename"]
	if name == "" {
		return errors.New("no file name was given; build with -f Deployfile")
	}
	b.lockName = path.Base(name) + ".lock"
	src, err := b.ui.ReadEntrypoint(ctx, "toml", bkllb.FollowPaths([]string{name, name + ".dockerignore", name + ".lock", path.Join(path.Dir(name), "pylock*.toml")}))
	if err != nil {
		return err
	}
	b.source, b.warnings = src.SourceMap, src.Warn
	text := src.Data
	// Clients draw what is wrong on these lines, as they are.
	b.source.Data = []byte(terminal.Masked(string(text)))
	file, diagnostics, err := deployfile.ParseWithArgs(name, text, b.ui.BuildArgs)
	if err != nil {
		return err
	}
	for _, d := range diagnostics {
		b.warn(ctx, d)
	}
	b.File, b.Diagnostics, b.dir = file, diagnostics, path.Dir(name)
	for _, arg := range slices.Sorted(maps.Keys(b.ui.BuildArgs)) {
		if _, declared := file.Args[arg]; !declared && !ownArg(arg) {
			b.warnText(ctx, "build argument "+arg+" is not declared in [args], and nothing refers to it")
		}
	}
	limits, err := b.limits()
	if err != nil {
		return err
	}
	b.resolver = &resolver.Resolver{
		Gateway: resolver.Gateway{
			Client:       b.client,
			CacheImports: b.ui.CacheImports,
			Constraints:  append(b.constraints(), bkllb.Platform(b.ui.BuildPlatforms[0])),
		},
		Network:       b.network(),
		Limits:        limits,
		BuildPlatform: platformName(b.ui.BuildPlatforms[0]),
		Images:        b.images,
	}
	return nil
}

// ownArg says whether an argument means something that no Deployfile declares.
func ownArg(name string) bool {
	return strings.HasPrefix(name, "BUILDKIT_") || strings.HasSuffix(strings.ToLower(name), "_proxy") ||
		slices.Contains([]string{ArgLocked, ArgUpgrade, ArgIndex, ArgStepTimeout, ArgVerify, "SOURCE_DATE_EPOCH"}, name)
}

// constraints are those of every vertex.
func (b *build) constraints() []bkllb.ConstraintsOpt {
	out := append([]bkllb.ConstraintsOpt{bkllb.WithCaps(b.client.BuildOpts().LLBCaps)}, b.resources()...)
	target := b.ui.Target
	if target == "" {
		target = b.output.name
	}
	if b.ui.IsNoCache(target) {
		out = append(out, bkllb.IgnoreCache)
	}
	return out
}

// network are the options of steps that reach the network: the mode that
// --network of the caller sets, the proxy that is given by build arguments, as
// BuildKit passes it, and extra hosts.
func (b *build) network() []bkllb.RunOption {
	var out []bkllb.RunOption
	if b.ui.NetworkMode != bkllb.NetModeSandbox {
		out = append(out, bkllb.Network(b.ui.NetworkMode))
	}
	var proxy bkllb.ProxyEnv
	for _, name := range slices.Sorted(maps.Keys(b.ui.BuildArgs)) {
		value := b.ui.BuildArgs[name]
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
	for _, h := range b.ui.ExtraHosts {
		out = append(out, bkllb.AddExtraHost(h.Host, h.IP))
	}
	return out
}

func (b *build) readLock(ctx context.Context) error {
	ref, err := b.resolver.Gateway.Solve(ctx, *b.source.State)
	if err != nil {
		return err
	}
	files := refFS{ctx, ref}
	data, err := untrusted.ReadFile(files, path.Join(b.dir, b.lockName), resolver.MaxLock)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lock, err := resolver.ParseLock(data)
	if err != nil && b.output.lenient {
		b.warnText(ctx, b.lockName+" cannot be read and is made anew: "+err.Error())
		return nil
	}
	if err != nil {
		return &StaleLockError{File: b.lockName, Changes: []string{"it cannot be read (a merge conflict?): " + err.Error()}}
	}
	b.lock, b.pylocks = lock, map[string][]byte{}
	for _, name := range lock.PylockNames() {
		data, err := untrusted.ReadFile(files, path.Join(b.dir, name), resolver.MaxLock)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil {
			b.pylocks[name] = data
		}
	}
	return nil
}

func (b *build) readModel(ctx context.Context) error {
	paths := append([]string{b.File.Model.Source}, b.File.Environment.Code...)
	for _, list := range [][]string{b.File.Environment.Requirements, b.File.Environment.Constraints} {
		for _, name := range list {
			paths = append(paths, name)
			// What it names is beside it, or one folder below.
			for _, pattern := range []string{"*.txt", "*.in", "*.whl", "*.tar.gz", "*.zip"} {
				paths = append(paths, path.Join(path.Dir(name), pattern), path.Join(path.Dir(name), "*", pattern))
			}
		}
	}
	st, err := b.ui.MainContext(ctx, bkllb.FollowPaths(paths), bkllb.WithCaps(b.client.BuildOpts().LLBCaps))
	if err != nil {
		return err
	}
	b.context = *st
	ref, err := b.resolver.Gateway.Solve(ctx, *st)
	if err != nil {
		return err
	}
	err = b.Inspection.readModel(refFS{ctx, ref}, b.ui.BuildArgs[ArgIndex])
	for _, w := range b.Warnings {
		b.warnModel(ctx, w)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w; if it is there, .dockerignore leaves it out", err)
	}
	return err
}

// platforms are those to build for: the ones that were asked for, else the
// Deployfile's, else the builder's own.
func (b *build) platforms() []string {
	var out []string
	for _, p := range b.ui.TargetPlatforms {
		out = append(out, platformName(p))
	}
	if len(out) == 0 {
		out = append(out, b.File.Image.Platforms...)
	}
	if len(out) == 0 {
		out = []string{b.resolver.BuildPlatform}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// platformName is os/arch, the form that locks and Deployfiles have.
func platformName(p ocispecs.Platform) string {
	p = platforms.Normalize(p)
	return p.OS + "/" + p.Architecture
}

func (b *build) warn(ctx context.Context, d deployfile.Diagnostic) {
	opts := gwclient.WarnOpts{Range: []*pb.Range{protoRange(d.Range)}}
	if d.Hint != "" {
		opts.Detail = [][]byte{[]byte(terminal.Printable(d.Hint))}
	}
	b.warnings(ctx, terminal.Printable(d.Rule+": "+d.Message), opts)
}

func (b *build) warnModel(ctx context.Context, w mlmodel.Warning) {
	where := w.File
	if w.Line > 0 {
		where += fmt.Sprintf(":%d", w.Line)
	}
	b.warnText(ctx, where+": "+w.Message)
}

func (b *build) warnText(ctx context.Context, message string) {
	b.warnings(ctx, terminal.Printable(message), gwclient.WarnOpts{})
}
