package resolver

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/toolchain"
	"golang.org/x/sync/errgroup"
)

// proveModel reads the layers of which only the artifact says what is in them, for a new
// lock: each becomes a layer of the image as it is, so that a file elsewhere, or a mode,
// would be one of the image. A later build need not: the lock pins the layers by digest.
func (r *Resolver) proveModel(ctx context.Context, t toolchain.Toolchain, model modelsource.Tree) error {
	eg, ctx := errgroup.WithContext(ctx)
	for _, m := range model.Mounted {
		eg.Go(func() error {
			ref, err := r.Gateway.Step(ctx, t, toolchain.Step{
				Name:   "check the layer of the model's " + m.Files[0].Path,
				Script: script("layer.py"),
				Mounts: []toolchain.Mount{{Path: "/layer", Source: m.State}},
			})
			if err != nil {
				return err
			}
			var found []layerEntry
			if err := r.Gateway.ReadJSON(ctx, ref, "layer.json", &found); err != nil {
				return err
			}
			return checkLayer(m.Files, found)
		})
	}
	return eg.Wait()
}

// layerEntry is a file or directory of a layer, as layer.py lists it.
type layerEntry struct {
	Path   string `json:"path"`
	Mode   uint32 `json:"mode"`
	Owner  [2]int `json:"owner"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// The modes of what a layer of a model has: those of stat(2).
const (
	modeDirectory  = 0o040755
	modeFile       = 0o100644
	modeExecutable = 0o100755
)

// checkLayer refuses a layer with anything but these files of a model and their
// directories.
func checkLayer(files []modelsource.LayerFile, found []layerEntry) error {
	want := map[string]layerEntry{}
	for _, f := range files {
		at := strings.TrimPrefix(path.Join(imagespec.ModelDir, f.Path), "/")
		mode := uint32(modeFile)
		if f.Executable {
			mode = modeExecutable
		}
		want[at] = layerEntry{Path: at, Mode: mode, Size: f.Size, SHA256: f.SHA256}
		for dir := path.Dir(at); dir != "."; dir = path.Dir(dir) {
			want[dir] = layerEntry{Path: dir, Mode: modeDirectory}
		}
	}
	for _, e := range found {
		w, ok := want[e.Path]
		if !ok || e != w {
			return fmt.Errorf("the layer of the model's %s is not what the artifact's manifest says: it has %q with the mode %o, the owner %d:%d and %d bytes",
				files[0].Path, e.Path, e.Mode, e.Owner[0], e.Owner[1], e.Size)
		}
		delete(want, e.Path)
	}
	for name := range want {
		return fmt.Errorf("the layer of the model's %s lacks %q, which the artifact's manifest names", files[0].Path, name)
	}
	return nil
}
