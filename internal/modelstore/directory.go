package modelstore

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path/filepath"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/modelsource"
)

// directory is a directory of this machine, which a server without an artifact proxy
// names when it keeps its artifacts there.
type directory struct{ path string }

var _ Store = directory{}

func openDirectory(location string) (Store, error) {
	name := location
	if u, err := url.Parse(location); err == nil && u.Scheme == "file" {
		if u.Host != "" && u.Host != "localhost" {
			return nil, fmt.Errorf("the files are at %s, which is another machine", location)
		}
		name = u.Path
	}
	return directory{filepath.FromSlash(name)}, nil
}

// List implements Store.
func (d directory) List(ctx context.Context) ([]File, error) {
	dir, err := untrusted.OpenDirectory(d.path)
	if err != nil {
		return nil, fmt.Errorf("the server keeps the files at %s, which cannot be read on this machine: %w", d.path, err)
	}
	defer dir.Close()
	var files []File
	err = fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := dir.Stat(name)
		if err != nil {
			return err
		}
		files = append(files, File{Path: name, Size: info.Size()})
		if len(files) > maxFiles {
			return fmt.Errorf("%s has more than %d files", d.path, maxFiles)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return listed(files)
}

// Open implements Store.
func (d directory) Open(_ context.Context, f File, _ int64) (io.ReadCloser, int64, error) {
	dir, err := untrusted.OpenDirectory(d.path)
	if err != nil {
		return nil, 0, err
	}
	defer dir.Close()
	body, err := dir.Open(f.Path)
	return body, 0, err
}

// Access implements Store: no builder reaches it.
func (d directory) Access(context.Context, []File) (*modelsource.Access, error) { return nil, nil }

// lockedDirectory is a directory of this machine that a lock names. Whoever wrote the lock
// may be a stranger, who would learn from an image, or from an error in a log, what is in a
// file of this machine. So the server has to name it, too, before anything of it is read.
type lockedDirectory struct {
	directory
	confirm func(context.Context) error
}

// List implements Store.
func (d lockedDirectory) List(ctx context.Context) ([]File, error) {
	if err := d.confirm(ctx); err != nil {
		return nil, err
	}
	return d.directory.List(ctx)
}

// Open implements Store.
func (d lockedDirectory) Open(ctx context.Context, f File, offset int64) (io.ReadCloser, int64, error) {
	if err := d.confirm(ctx); err != nil {
		return nil, 0, err
	}
	return d.directory.Open(ctx, f, offset)
}
