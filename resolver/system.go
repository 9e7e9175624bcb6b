package resolver

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// systemPackages asks apt what an installation on the base would download: the
// base's own apt, or the toolchain's if the builder cannot run the base.
func (r *Resolver) systemPackages(ctx context.Context, q Request, keep *Lock, lock *Lock, t toolchain.Toolchain, platform string, base *SourceImage) ([]SystemPackage, error) {
	if len(q.Inputs.SystemPackages) == 0 {
		return nil, nil
	}
	if keep != nil && keep.Base.Digest == lock.Base.Digest && slices.Equal(keep.Inputs.SystemPackages, q.Inputs.SystemPackages) {
		if was := keep.Platform(platform); was != nil && len(was.SystemPackages) > 0 {
			return was.SystemPackages, nil
		}
	}
	step := aptStep("resolve system packages for "+platform, "base", q.Inputs.SystemPackages, q)
	apt := r.Apt(base.State, lock.Base.Python, q.CA)
	if platform != r.BuildPlatform {
		apt = t
		_, architecture, _ := strings.Cut(platform, "/")
		step.Env["APT_ARCHITECTURE"] = architecture
		var err error
		if step.Mounts, err = r.aptState(ctx, step.Name, base); err != nil {
			return nil, err
		}
	}
	found, err := r.askApt(ctx, apt, step)
	if e := (*StepError)(nil); errors.As(err, &e) && e.Kind == kindNoApt && len(q.Implied) == len(q.Inputs.SystemPackages) {
		// It may well have what they contain; the verify step finds out.
		return nil, nil
	}
	return found, err
}

// buildPackages asks the toolchain's apt what the build packages are, and adds them to
// the toolchain. Wheels are built for the builder's own platform alone.
func (r *Resolver) buildPackages(ctx context.Context, q Request, keep *Lock, lock *Lock, t toolchain.Toolchain) (toolchain.Toolchain, error) {
	p := lock.Platform(r.BuildPlatform)
	if p == nil || len(q.Inputs.BuildPackages) == 0 {
		return t, nil
	}
	if keep != nil && keep.Toolchain.Digest == lock.Toolchain.Digest && slices.Equal(keep.Inputs.BuildPackages, q.Inputs.BuildPackages) {
		if was := keep.Platform(r.BuildPlatform); was != nil {
			p.BuildPackages = was.BuildPackages
		}
	}
	if len(p.BuildPackages) == 0 {
		var err error
		if p.BuildPackages, err = r.askApt(ctx, t, aptStep("resolve build packages for "+p.Name, "toolchain", q.Inputs.BuildPackages, q)); err != nil {
			return t, err
		}
	}
	return withPackages(t, p.BuildPackages), nil
}

// withPackages adds build packages to a toolchain.
func withPackages(t toolchain.Toolchain, packages []SystemPackage) toolchain.Toolchain {
	t.Packages, t.PackagesTitle = Downloads(packages), "build packages: "+PackagesTitle(packages)
	return t
}

// Downloads are the files of Debian packages.
func Downloads(packages []SystemPackage) []toolchain.Download {
	out := make([]toolchain.Download, len(packages))
	for i, p := range packages {
		out[i] = p.Download
	}
	return out
}

// PackagesTitle names Debian packages with their versions.
func PackagesTitle(packages []SystemPackage) string {
	names := make([]string, len(packages))
	for i, p := range packages {
		names[i] = p.Name + " " + p.Version
	}
	return strings.Join(names, ", ")
}

// Apt is an image with Python and apt as the toolchain of steps that ask its apt; ca is
// the id of the secret with certificate authorities.
func (r *Resolver) Apt(image bkllb.State, python, ca string) toolchain.Toolchain {
	return toolchain.Toolchain{Root: image, Python: python, CA: ca, Network: r.Network, Limits: r.Limits, Constraints: r.Gateway.Constraints}
}

// aptStep asks the apt of an image, "base" or "toolchain", what installing packages
// takes.
func aptStep(name, image string, packages []string, q Request) toolchain.Step {
	return toolchain.Step{
		Name: name, Script: script("apt.py"), Args: packages, Env: map[string]string{"APT_IMAGE": image},
		Network: true, Programs: true, IgnoreCache: q.Fresh,
	}
}

// askApt runs a step that asks apt, and returns the packages that it found.
func (r *Resolver) askApt(ctx context.Context, apt toolchain.Toolchain, step toolchain.Step) ([]SystemPackage, error) {
	ref, err := r.Gateway.Step(ctx, apt, step)
	if err != nil {
		return nil, err
	}
	var found []struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		toolchain.Download
	}
	if err := r.Gateway.ReadJSON(ctx, ref, "apt.json", &found); err != nil {
		return nil, err
	}
	out := make([]SystemPackage, len(found))
	for i, f := range found {
		out[i] = SystemPackage{Name: f.Name, Version: f.Version, Download: f.Download}
	}
	return out, nil
}

// kindNoApt is the StepError.Kind of an image without apt.
const kindNoApt = "no-apt"

// aptState copies what apt needs to know of the base into a step: its sources
// with their keys, and the installed packages.
func (r *Resolver) aptState(ctx context.Context, step string, base *SourceImage) ([]toolchain.Mount, error) {
	root, err := r.Gateway.Solve(ctx, base.State)
	if err != nil {
		return nil, err
	}
	var out []toolchain.Mount
	for _, dir := range []string{"/etc/apt", "/var/lib/dpkg", "/usr/share/keyrings"} {
		if _, err := root.StatFile(ctx, gwclient.StatRequest{Path: dir}); err == nil {
			out = append(out, toolchain.Mount{Path: dir, Source: base.State, From: dir})
		} else if dir != "/usr/share/keyrings" {
			return nil, &StepError{Step: step, Kind: kindNoApt, Err: err,
				Message: "the base image has no " + dir + ", so system-packages cannot be installed on it; take a Debian or Ubuntu base"}
		}
	}
	return out, nil
}
