package resolver

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
)

// build builds the wheels of packages that are locked as source, once, to
// record their hashes. It returns the steps that it ran, by the packages' names.
func (r *Resolver) build(ctx context.Context, q Request, keep *Lock, toolchainDigest string, t toolchain.Toolchain, p *Platform, pylock []byte) (made map[string]toolchain.Step, err error) {
	_, sources, err := p.installs(t.Version, pylock)
	var unbuilt []Source
	before := builtBefore(keep, toolchainDigest, p)
	for _, s := range sources {
		if was, ok := before[s.Name]; ok {
			p.Built = append(p.Built, was)
		} else {
			unbuilt = append(unbuilt, s)
		}
	}
	if p.Name != r.BuildPlatform {
		for _, s := range unbuilt {
			err = errors.Join(err, &NoWheelError{Name: s.Name, Version: s.Version, Platform: p.Name, Builder: r.BuildPlatform})
		}
	}
	if err != nil {
		return nil, err
	}
	made = map[string]toolchain.Step{}
	for _, s := range unbuilt {
		b, err := r.buildOnce(ctx, q, t, s)
		if err != nil {
			return nil, err
		}
		p.Built = append(p.Built, b.BuiltWheel)
		made[s.Name] = b.step
	}
	slices.SortFunc(p.Built, func(a, b BuiltWheel) int { return strings.Compare(a.Name, b.Name) })
	return made, nil
}

// firstBuild is a wheel that a step built before its hash was known, and the
// requirements in its metadata.
type firstBuild struct {
	BuiltWheel
	metadata metadata
	step     toolchain.Step
}

// buildOnce builds a wheel from source.
func (r *Resolver) buildOnce(ctx context.Context, q Request, t toolchain.Toolchain, s Source) (firstBuild, error) {
	b, err := r.buildWith(ctx, q, t, s)
	var failed *StepError
	if !errors.As(err, &failed) {
		return b, err
	}
	if older := olderTools(failed.Message); older != "" {
		if b, err := r.buildWith(ctx, q, t, s, older); err == nil {
			return b, nil
		}
	}
	return b, &RequirementError{Name: pypi.CanonPackageName(s.Name), Err: newBuildError(s, failed)}
}

// olderTools returns the constraint that a build needs whose words say that it was
// written for an older setuptools; "" if they do not. Nobody can change such a project,
// and pip would fail as well, but for a machine that has the older one.
func olderTools(said string) string {
	switch {
	case strings.Contains(said, "No module named 'pkg_resources'"):
		return "setuptools<81"
	case strings.Contains(said, "use_2to3 is invalid"):
		return "setuptools<58"
	}
	return ""
}

// buildWith builds a wheel from source, with build requirements that keep to the
// constraints.
func (r *Resolver) buildWith(ctx context.Context, q Request, t toolchain.Toolchain, s Source, constraints ...string) (firstBuild, error) {
	b := firstBuild{BuiltWheel: BuiltWheel{Name: s.Name, Version: s.Version}}
	var err error
	if b.step, err = buildStep(s, b.BuiltWheel, t, q.Context, q.Indexes, constraints); err != nil {
		return b, err
	}
	ref, err := r.Gateway.Step(ctx, t, b.step)
	if err != nil {
		return b, err
	}
	var out struct {
		Filename, SHA256, Requirements string
		Libraries                      []string
		Metadata                       metadata
	}
	if err := r.Gateway.ReadJSON(ctx, ref, "built.json", &out); err != nil {
		return b, err
	}
	b.Filename, b.SHA256, b.Requirements, b.Libraries, b.metadata = out.Filename, out.SHA256, out.Requirements, out.Libraries, out.Metadata
	// That step ran an untrusted build script, and the build requirements will be
	// fetched in a step with a network.
	return b, b.check()
}

// builtBefore returns the wheels that the previous lock built from the same
// sources, by name; another version is another source.
func builtBefore(keep *Lock, toolchainDigest string, p *Platform) map[string]BuiltWheel {
	if was := keep.samePlatform(toolchainDigest, p); was != nil {
		return was.BuiltByName()
	}
	return nil
}

// samePlatform returns a platform of a lock, which may be nil, if its packages,
// toolchain and build packages are unchanged; else nil.
func (l *Lock) samePlatform(toolchainDigest string, p *Platform) *Platform {
	if l == nil || l.Toolchain.Digest != toolchainDigest {
		return nil
	}
	if was := l.Platform(p.Name); was != nil && was.PylockSHA256 == p.PylockSHA256 && slices.Equal(was.BuildPackages, p.BuildPackages) {
		return was
	}
	return nil
}

// BuiltByName returns the built wheels by their names in the lock.
func (p *Platform) BuiltByName() map[string]BuiltWheel {
	out := make(map[string]BuiltWheel, len(p.Built))
	for _, b := range p.Built {
		if _, twice := out[b.Name]; !twice {
			out[b.Name] = b
		}
	}
	return out
}

// BuildStep builds a wheel from source. If BuiltWheel has requirements, they
// pin the build requirements; if it has a hash, the wheel must match it.
func BuildStep(s Source, b BuiltWheel, t toolchain.Toolchain, files modelsource.Context, indexes []Index) (toolchain.Step, error) {
	return buildStep(s, b, t, files, indexes, nil)
}

func buildStep(s Source, b BuiltWheel, t toolchain.Toolchain, files modelsource.Context, indexes []Index, constraints []string) (toolchain.Step, error) {
	source := "/source"
	mount := toolchain.Mount{Path: source}
	subdirectory := ""
	switch {
	case s.VCS != nil && s.VCS.Type == "git":
		mount.Source = bkllb.Git(s.VCS.URL, s.VCS.CommitID, t.GitOptions()...)
		subdirectory = s.VCS.Subdirectory
	case s.VCS != nil:
		return toolchain.Step{}, fmt.Errorf("package %s comes from a %s repository; only git is supported", s.Name, s.VCS.Type)
	case s.File.Path != "":
		if err := s.File.check(s.Name); err != nil {
			return toolchain.Step{}, err
		}
		name := s.File.Filename()
		mount.Path = path.Join("/sdist", name)
		mount.Source, mount.From = files.At(s.File.Path)
		source = mount.Path
	default:
		if err := s.File.check(s.Name); err != nil {
			return toolchain.Step{}, err
		}
		d := s.File.download()
		mount.Source = Fetch(s.Name, d, t, indexes)
		mount.Path = "/sdist"
		source = path.Join("/sdist", d.Filename)
	}
	asked := map[string]any{"source": path.Join(source, subdirectory), "requirements": b.Requirements, "indexes": indexes}
	if len(constraints) > 0 {
		asked["constraints"] = constraints
	}
	fetch := toolchain.Step{
		Name:     "fetch what " + s.Name + " is built with",
		Script:   script("buildrequires.py"),
		Args:     []string{requestDir + "/request.json"},
		Mounts:   []toolchain.Mount{request(t, asked), mount},
		Network:  true,
		Secrets:  secrets(indexes),
		UV:       true,
		Programs: true,
	}
	// Untrusted build scripts run here: no network and no secret.
	return toolchain.Step{
		Name:   fmt.Sprintf("build a wheel of %s %s", s.Name, s.Version),
		Script: script("build.py"),
		Args:   []string{requestDir + "/request.json"},
		Mounts: []toolchain.Mount{request(t, map[string]any{
			"name": s.Name, "version": s.versionOf(), "source": source, "subdirectory": subdirectory, "sha256": b.SHA256,
		}), mount, {Path: "/build", Source: t.Run(fetch)}},
		UV:       true,
		Programs: true,
		Packages: true,
	}, nil
}

// Fetch returns a file of a project by its hash: through BuildKit's HTTP
// source, or in a step if its index needs a credential or has a mirror. The options,
// such as a toolchain.Group, are those of that vertex.
func Fetch(project string, d toolchain.Download, t toolchain.Toolchain, indexes []Index, options ...bkllb.ConstraintsOpt) bkllb.State {
	if _, ok := credential(indexes, d.URL); !ok {
		return d.State(slices.Concat(t.Constraints, options)...)
	}
	step := fetchStep(project, d, t, indexes)
	for _, o := range options {
		step.Options = append(step.Options, o)
	}
	return t.Run(step)
}

// fetchStep fetches a file and reports what went wrong, which BuildKit's HTTP
// source does not: it treats a 404 page as a file with another hash.
func fetchStep(project string, d toolchain.Download, t toolchain.Toolchain, indexes []Index) toolchain.Step {
	i, _ := credential(indexes, d.URL)
	mirror := ""
	if i.Mirror {
		mirror = i.URL
	}
	return toolchain.Step{
		Name:   "fetch " + d.Filename,
		Script: script("fetch.py"),
		Args:   []string{requestDir + "/request.json"},
		Mounts: []toolchain.Mount{request(t, map[string]any{
			"url": d.URL, "filename": d.Filename, "sha256": d.SHA256, "size": d.Size, "secret": i.Secret, "mirror": mirror, "project": project,
		})},
		Network: true,
		Secrets: secrets([]Index{i}),
	}
}

// ExplainFetch fetches a file that BuildKit could not fetch again in a step,
// and returns the reason for the failure, or nil if it succeeds.
func (r *Resolver) ExplainFetch(ctx context.Context, project string, d toolchain.Download, t toolchain.Toolchain, indexes []Index) error {
	step := fetchStep(project, d, t, indexes)
	step.IgnoreCache = true
	_, err := r.Gateway.Step(ctx, t, step)
	return err
}

// file mounts a directory with one small file.
func file(t toolchain.Toolchain, dir, name string, data []byte) toolchain.Mount {
	return toolchain.Mount{
		Path: dir,
		Source: bkllb.Scratch().File(bkllb.Mkfile("/"+name, 0o444, data, bkllb.WithCreatedTime(toolchain.Epoch())),
			append(toolchain.Internal(name), t.Constraints...)...),
	}
}
