package resolver

import (
	"context"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/toolchain"
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
	step := toolchain.Step{
		Name:        "resolve system packages for " + platform,
		Script:      script("apt.py"),
		Args:        q.Inputs.SystemPackages,
		Network:     true,
		Programs:    true,
		IgnoreCache: q.Fresh,
	}
	apt := toolchain.Toolchain{Root: base.State, Python: lock.Base.Python, CA: q.CA, Network: r.Network, Limits: r.Limits, Constraints: r.Gateway.Constraints}
	if platform != r.BuildPlatform {
		apt = t
		_, architecture, _ := strings.Cut(platform, "/")
		step.Env = map[string]string{"APT_ARCHITECTURE": architecture}
		var err error
		if step.Mounts, err = r.aptState(ctx, step.Name, base); err != nil {
			return nil, err
		}
	}
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
			return nil, &StepError{Step: step, Kind: "unsatisfiable", Err: err,
				Message: "the base image has no " + dir + ", so system-packages cannot be installed on it; take a Debian or Ubuntu base"}
		}
	}
	return out, nil
}
