package resolver

import (
	"context"
	"slices"

	"github.com/deployfile/deployfile/toolchain"
)

// systemPackages asks the base's own apt what an installation would fetch.
func (r *Resolver) systemPackages(ctx context.Context, q Request, keep *Lock, lock *Lock, platform string, base *SourceImage) ([]SystemPackage, error) {
	if len(q.Inputs.SystemPackages) == 0 {
		return nil, nil
	}
	if keep != nil && keep.Base.Digest == lock.Base.Digest && slices.Equal(keep.Inputs.SystemPackages, q.Inputs.SystemPackages) {
		if was := keep.Platform(platform); was != nil && len(was.SystemPackages) > 0 {
			return was.SystemPackages, nil
		}
	}
	apt := toolchain.Toolchain{Root: base.State, Python: lock.Base.Python, CA: q.CA, Network: r.Network, Constraints: r.Gateway.Constraints}
	ref, err := r.Gateway.Step(ctx, apt, toolchain.Step{
		Name:        "resolve system packages for " + platform,
		Script:      script("apt.py"),
		Args:        q.Inputs.SystemPackages,
		Network:     true,
		IgnoreCache: q.Fresh,
	})
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
