package frontend

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/deployfile/deployfile/internal/bkerrors"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	fstypes "github.com/tonistiigi/fsutil/types"
)

// refFS is the read-only file system of a BuildKit reference.
type refFS struct {
	ctx context.Context
	ref gwclient.Reference
}

var (
	_ fs.FS        = refFS{}
	_ fs.ReadDirFS = refFS{}
	_ fs.StatFS    = refFS{}
)

func (f refFS) Open(name string) (fs.File, error) {
	info, err := f.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		entries, err := f.ReadDir(name)
		return &openDir{info: info, entries: entries}, err
	}
	return &openFile{fs: f, name: name, info: info}, nil
}

func (f refFS) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrInvalid}
	}
	st, err := f.ref.StatFile(f.ctx, gwclient.StatRequest{Path: name})
	if err != nil {
		return nil, pathError("stat", name, err)
	}
	return fileInfo{st}, nil
}

func (f refFS) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := f.ref.ReadDir(f.ctx, gwclient.ReadDirRequest{Path: name})
	if err != nil {
		return nil, pathError("readdir", name, err)
	}
	out := make([]fs.DirEntry, len(list))
	for i, st := range list {
		out[i] = fs.FileInfoToDirEntry(fileInfo{st})
	}
	return out, nil
}

// pathError gives BuildKit's error, which comes as text, the type that
// callers of a file system look for.
func pathError(op, name string, err error) error {
	if bkerrors.NotExist(err) {
		err = fs.ErrNotExist
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

type fileInfo struct{ *fstypes.Stat }

func (i fileInfo) Name() string       { return path.Base(i.Path) }
func (i fileInfo) Size() int64        { return i.Stat.Size }
func (i fileInfo) Mode() fs.FileMode  { return fs.FileMode(i.Stat.Mode) }
func (i fileInfo) ModTime() time.Time { return time.Unix(0, i.Stat.ModTime) }
func (i fileInfo) IsDir() bool        { return i.Mode().IsDir() }
func (i fileInfo) Sys() any           { return i.Stat }

// openFile requests only those parts of a file from the builder that are read.
type openFile struct {
	fs     refFS
	name   string
	info   fs.FileInfo
	offset int
}

// maxPart is how much is requested at once, in bytes: a message of the builder must be
// smaller than 16 MiB.
const maxPart = 8 << 20

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Close() error               { return nil }

func (f *openFile) Read(p []byte) (int, error) {
	if left := f.info.Size() - int64(f.offset); left <= 0 {
		return 0, io.EOF
	} else if len(p) > 0 {
		p = p[:min(int64(len(p)), left, maxPart)]
	}
	part, err := f.fs.ref.ReadFile(f.fs.ctx, gwclient.ReadRequest{
		Filename: f.name,
		Range:    &gwclient.FileRange{Offset: f.offset, Length: len(p)},
	})
	if err != nil {
		return 0, pathError("read", f.name, err)
	}
	if len(part) == 0 && len(p) > 0 {
		return 0, io.ErrUnexpectedEOF
	}
	f.offset += len(part)
	return copy(p, part), nil
}

type openDir struct {
	info    fs.FileInfo
	entries []fs.DirEntry
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *openDir) Close() error               { return nil }
func (d *openDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.info.Name(), Err: errors.New("is a directory")}
}

func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		out := d.entries
		d.entries = nil
		return out, nil
	}
	if len(d.entries) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.entries))
	out := d.entries[:n]
	d.entries = d.entries[n:]
	return out, nil
}
