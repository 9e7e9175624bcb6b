package build

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/tonistiigi/fsutil"
	"github.com/tonistiigi/fsutil/types"
)

// given is a directory with a file whose text is not on the disk: one of that name in the
// directory itself is hidden.
type given struct {
	fsutil.FS
	name string
	text []byte
}

// Open implements fsutil.FS.
func (g given) Open(name string) (io.ReadCloser, error) {
	if filepath.Clean(name) == g.name {
		return io.NopCloser(bytes.NewReader(g.text)), nil
	}
	return g.FS.Open(name)
}

// Walk implements fsutil.FS: the file is among its neighbours, in the order of their names.
func (g given) Walk(ctx context.Context, target string, visit fs.WalkDirFunc) error {
	if target = strings.Trim(filepath.Clean("/"+target), string(filepath.Separator)); target != "" && target != g.name {
		return g.FS.Walk(ctx, target, visit)
	}
	done := false
	err := g.FS.Walk(ctx, "", func(path string, entry fs.DirEntry, err error) error {
		if first, _, _ := strings.Cut(path, string(filepath.Separator)); first >= g.name && !done {
			done = true
			if err := visit(g.name, g.entry(), nil); err != nil {
				return err
			}
		}
		switch {
		case path == g.name:
			return nil
		case target != "" && entry != nil && entry.IsDir():
			return fs.SkipDir
		case target != "":
			return nil
		}
		return visit(path, entry, err)
	})
	if err == nil && !done {
		err = visit(g.name, g.entry(), nil)
	}
	return err
}

// entry returns the file as one that is on the disk. Its time is always the same, so that
// the builder knows an unchanged text again.
func (g given) entry() fs.DirEntry {
	return fs.FileInfoToDirEntry(&fsutil.StatInfo{Stat: &types.Stat{
		Path: g.name, Mode: 0o644, Size: int64(len(g.text)), ModTime: time.Unix(0, 0).UnixNano(),
	}})
}
