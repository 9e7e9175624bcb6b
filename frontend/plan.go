package frontend

import (
	"context"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/sizes"
	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// buildPlan builds the plan output: a JSON file for each platform.
func buildPlan(ctx context.Context, in *inputs) (*gwclient.Result, error) {
	files, err := in.planFiles(ctx)
	if err != nil {
		return nil, err
	}
	return in.result(ctx, directory(files))
}

func (in *inputs) planFiles(ctx context.Context) (map[string][]byte, error) {
	l, err := in.useLock(ctx)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, platform := range in.platforms() {
		c, err := l.compile(ctx, platform)
		if err != nil {
			return nil, err
		}
		data, err := json.MarshalIndent(c.plan, "", "  ")
		if err != nil {
			return nil, err
		}
		name := "." + strings.ReplaceAll(platform, "/", "-") + ".json"
		files["plan"+name] = append(data, '\n')
		if in.ui.BuildArgs[ArgSizes] != "1" {
			continue
		}
		if files[SizesPrefix+name], err = c.sizes(ctx); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// SizesPrefix begins the names of the files that ArgSizes adds to the plan output,
// each a report.Sizes.
const SizesPrefix = "sizes"

// sizes measures what the image of a platform is made of.
func (c *compiled) sizes(ctx context.Context) ([]byte, error) {
	trees := []bkllb.State{c.states.Base}
	if len(c.plan.SystemPackages) > 0 {
		trees = append(trees, c.layers.Base)
	}
	locked := c.lock.Platform(c.plan.Platform)
	measured, err := c.resolver.Sizes(ctx, c.lockRequest(), c.tools, locked, c.pylocks[locked.Pylock], trees)
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	return json.Marshal(sizes.Of(c.plan, c.lock.Inputs.Requirements, measured))
}

// directory returns a state with files in it.
func directory(files map[string][]byte) bkllb.State {
	at := bkllb.WithCreatedTime(toolchain.Epoch())
	st := bkllb.Scratch()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if dir := path.Dir(name); dir != "." {
			st = st.File(bkllb.Mkdir(path.Join("/", dir), 0o755, bkllb.WithParents(true), at), bkllb.WithCustomName("[internal] "+dir))
		}
		st = st.File(bkllb.Mkfile(path.Join("/", name), 0o644, files[name], at), bkllb.WithCustomName("write "+name))
	}
	return st
}
