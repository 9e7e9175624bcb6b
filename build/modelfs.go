package build

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/modelcache"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/toolchain"
	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// modelFS is the directory of a model whose files are in a cache by their hashes.
type modelFS struct {
	cache *modelcache.Cache
	files map[string]modelsource.File
	// order are the paths of files and directories in the order in which BuildKit
	// wants them.
	order []string
}

var _ fsutil.FS = (*modelFS)(nil)

func newModelFS(cache *modelcache.Cache, files []modelsource.File) *modelFS {
	m := &modelFS{cache: cache, files: map[string]modelsource.File{}}
	seen := map[string]bool{}
	for _, f := range files {
		m.files[f.Path] = f
		for name := f.Path; name != "." && !seen[name]; name = path.Dir(name) {
			seen[name] = true
			m.order = append(m.order, name)
		}
	}
	slices.SortFunc(m.order, func(a, b string) int {
		return slices.Compare(strings.Split(a, "/"), strings.Split(b, "/"))
	})
	return m
}

// Walk implements fsutil.FS.
func (m *modelFS) Walk(ctx context.Context, target string, visit fs.WalkDirFunc) error {
	target = strings.Trim(path.Clean("/"+target), "/")
	for _, name := range m.order {
		if target != "" && name != target && !strings.HasPrefix(name, target+"/") {
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		st := &types.Stat{Path: name, Mode: uint32(fs.ModeDir | 0o755), ModTime: toolchain.Epoch().UnixNano()}
		if f, ok := m.files[name]; ok {
			st.Mode, st.Size, st.ModTime = 0o644, f.Size, modTime(f)
		}
		if err := visit(name, &fsutil.DirEntryInfo{Stat: st}, nil); err != nil {
			return err
		}
	}
	return nil
}

// modTime is a time that follows from a file's contents: a builder keeps what it has
// received, and asks only for files with another size or time.
func modTime(f modelsource.File) int64 {
	sum, err := hex.DecodeString(f.SHA256)
	if err != nil || len(sum) < 8 {
		return 0
	}
	return int64(binary.BigEndian.Uint64(sum) >> 2)
}

// Open implements fsutil.FS.
func (m *modelFS) Open(name string) (io.ReadCloser, error) {
	f, ok := m.files[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return m.cache.Open(f.SHA256)
}
