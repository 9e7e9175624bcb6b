package frontend

import (
	"context"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// plans is the plan target: a JSON file for each platform.
func (b *build) plans(ctx context.Context) (*gwclient.Result, error) {
	files, err := b.planFiles(ctx)
	if err != nil {
		return nil, err
	}
	return b.result(ctx, folder(files))
}

func (b *build) planFiles(ctx context.Context) (map[string][]byte, error) {
	p, err := b.prepare(ctx)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, platform := range b.platforms() {
		c, err := b.compile(ctx, p, platform)
		if err != nil {
			return nil, err
		}
		data, err := json.MarshalIndent(c.plan, "", "  ")
		if err != nil {
			return nil, err
		}
		files["plan."+strings.ReplaceAll(platform, "/", "-")+".json"] = append(data, '\n')
	}
	return files, nil
}

// folder is a state with files in it.
func folder(files map[string][]byte) bkllb.State {
	at := bkllb.WithCreatedTime(toolchain.Epoch())
	st := bkllb.Scratch()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		st = st.File(bkllb.Mkfile(path.Join("/", name), 0o644, files[name], at), bkllb.WithCustomName("write "+name))
	}
	return st
}
