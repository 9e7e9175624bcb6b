package modelsource

import (
	"path"
	"slices"

	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
)

// withDirectories adds to the state of a model the directories of files that are elsewhere.
// In the state of a model's directory they are there, though it has nothing else in them,
// and the image has them in the layer of the small files.
func (t Tree) withDirectories(constraints ...bkllb.ConstraintsOpt) Tree {
	var dirs []string
	add := func(name string) {
		if dir := path.Dir(name); dir != "." {
			dirs = append(dirs, dir)
		}
	}
	for name := range t.Large {
		add(name)
	}
	for _, m := range t.Mounted {
		for _, f := range m.Files {
			add(f.Path)
		}
	}
	slices.Sort(dirs)
	dirs = slices.Compact(dirs)
	if len(dirs) == 0 {
		return t
	}
	made := bkllb.Mkdir(t.Path(dirs[0]), 0o755, bkllb.WithParents(true), bkllb.WithCreatedTime(toolchain.Epoch()))
	for _, dir := range dirs[1:] {
		made = made.Mkdir(t.Path(dir), 0o755, bkllb.WithParents(true), bkllb.WithCreatedTime(toolchain.Epoch()))
	}
	t.State = t.State.File(made, append([]bkllb.ConstraintsOpt{bkllb.WithCustomName("[internal] the model's directories")}, constraints...)...)
	return t
}
