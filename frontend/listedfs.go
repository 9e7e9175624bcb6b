package frontend

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/deployfile/deployfile/modelsource"
)

// listedFS is a model of which the large files are known by name and size. They are
// fetched when somebody reads them, which what reads a model's metadata does not.
type listedFS struct {
	fs.FS
	large map[string]modelsource.File
	fetch func(name string) (fs.FS, error)
}

var (
	_ fs.StatFS    = listedFS{}
	_ fs.ReadDirFS = listedFS{}
)

// newListedFS adds the large ones of files, which may be nil, to what is there.
func newListedFS(there fs.FS, files []modelsource.File, fetch func(name string) (fs.FS, error)) fs.FS {
	f := listedFS{FS: there, large: map[string]modelsource.File{}, fetch: fetch}
	for _, file := range files {
		if file.Size >= modelsource.LargeFile {
			f.large[file.Path] = file
		}
	}
	if len(f.large) == 0 {
		return there
	}
	return f
}

func (f listedFS) Open(name string) (fs.File, error) {
	if _, ok := f.large[name]; !ok {
		return f.FS.Open(name)
	}
	fetched, err := f.fetch(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return fetched.Open(name)
}

func (f listedFS) Stat(name string) (fs.FileInfo, error) {
	if file, ok := f.large[name]; ok {
		return listedInfo{name: path.Base(name), size: file.Size}, nil
	}
	info, err := fs.Stat(f.FS, name)
	if err != nil && f.above(name) {
		return listedInfo{name: path.Base(name), dir: true}, nil
	}
	return info, err
}

// above reports whether a large file is below a directory.
func (f listedFS) above(dir string) bool {
	for name := range f.large {
		if strings.HasPrefix(name, dir+"/") {
			return true
		}
	}
	return false
}

func (f listedFS) ReadDir(dir string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(f.FS, dir)
	if err != nil && !f.above(dir) {
		return nil, err
	}
	seen := map[string]bool{}
	for _, e := range entries {
		seen[e.Name()] = true
	}
	for name, file := range f.large {
		rest := name
		if dir != "." {
			var below bool
			if rest, below = strings.CutPrefix(name, dir+"/"); !below {
				continue
			}
		}
		first, _, deeper := strings.Cut(rest, "/")
		if !seen[first] {
			seen[first] = true
			entries = append(entries, fs.FileInfoToDirEntry(listedInfo{name: first, size: file.Size, dir: deeper}))
		}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// listedInfo is a file that is only known, or a directory of such files.
type listedInfo struct {
	name string
	size int64
	dir  bool
}

func (i listedInfo) Name() string       { return i.name }
func (i listedInfo) Size() int64        { return i.size }
func (i listedInfo) ModTime() time.Time { return time.Time{} }
func (i listedInfo) IsDir() bool        { return i.dir }
func (i listedInfo) Sys() any           { return nil }
func (i listedInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}
