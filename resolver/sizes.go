package resolver

import (
	"context"
	"fmt"

	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
)

// Sizes are the sizes of what an image of one platform is made of, in bytes.
type Sizes struct {
	// Wheels are those of all packages.
	Wheels []WheelSize `json:"wheels"`
	// Trees are the file systems that were asked for.
	Trees []int64 `json:"trees"`
}

// WheelSize is the size of a wheel.
type WheelSize struct {
	Name string `json:"name"`
	// Size is the wheel's own, Installed that of its files. Both are 0 if it could
	// not be read, for the reason in Unread.
	Size      int64  `json:"size"`
	Installed int64  `json:"installed"`
	Unread    string `json:"unread,omitempty"`
	// Requires are the requirements of its metadata (PEP 508).
	Requires []string `json:"requires"`
}

// Sizes measures the wheels of a locked platform by their lists of files, without
// fetching them, and file systems.
func (r *Resolver) Sizes(ctx context.Context, q Request, t toolchain.Toolchain, p *Platform, pylock []byte, trees []bkllb.State) (*Sizes, error) {
	mounts, wheels, err := wheelRequest(q, t, p, pylock, nil)
	if err != nil {
		return nil, err
	}
	paths := []string{}
	for n, st := range trees {
		at := fmt.Sprintf("/run/trees/%d", n)
		mounts, paths = append(mounts, toolchain.Mount{Path: at, Source: st}), append(paths, at)
	}
	ref, err := r.Gateway.Step(ctx, t, toolchain.Step{
		Name:    fmt.Sprintf("measure %d wheels for %s", len(wheels), p.Name),
		Script:  script("sizes.py"),
		Args:    []string{requestDir + "/request.json"},
		Mounts:  append(mounts, request(t, map[string]any{"wheels": wheels, "trees": paths, "indexes": q.Indexes})),
		Network: true,
		Secrets: secrets(q.Indexes),
	})
	if err != nil {
		return nil, err
	}
	var out Sizes
	if err := r.Gateway.ReadJSON(ctx, ref, "sizes.json", &out); err != nil {
		return nil, err
	}
	if len(out.Trees) != len(trees) {
		return nil, fmt.Errorf("%d of %d file systems were measured", len(out.Trees), len(trees))
	}
	return &out, nil
}
