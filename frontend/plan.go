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

// buildPlan is the plan output: a JSON file for each platform.
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
		files["plan."+strings.ReplaceAll(platform, "/", "-")+".json"] = append(data, '\n')
	}
	return files, nil
}

// directory is a state with files in it.
func directory(files map[string][]byte) bkllb.State {
	at := bkllb.WithCreatedTime(toolchain.Epoch())
	st := bkllb.Scratch()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		st = st.File(bkllb.Mkfile(path.Join("/", name), 0o644, files[name], at), bkllb.WithCustomName("write "+name))
	}
	return st
}
