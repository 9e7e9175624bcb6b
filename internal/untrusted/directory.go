package untrusted

import (
	"errors"
	"io/fs"
	"os"
	"path"
)

// Directory is a directory as a file system from which no link escapes, and in which
// only regular files and directories can be opened. It follows a symbolic link within
// the directory; a link out of it is an *OutsideError, even if the target links back
// in.
type Directory struct{ root *os.Root }

var (
	_ fs.ReadDirFS  = (*Directory)(nil)
	_ fs.StatFS     = (*Directory)(nil)
	_ fs.ReadLinkFS = (*Directory)(nil)
)

// OpenDirectory opens a directory, whose path may contain links. The caller
// closes it.
func OpenDirectory(name string) (*Directory, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &Directory{root}, nil
}

// Close closes the directory; open files stay open.
func (f *Directory) Close() error { return f.root.Close() }

// Open implements fs.FS. Anything but a regular file or a directory is a
// *NotRegularError.
func (f *Directory) Open(name string) (fs.File, error) {
	// Check before opening: opening a device can have an effect.
	info, err := f.Stat(name)
	if err != nil {
		return nil, err
	}
	if err := openable(name, info); err != nil {
		return nil, err
	}
	file, err := f.root.OpenFile(name, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, explain(name, err)
	}
	// Another file may have replaced it in the meantime.
	if info, err = file.Stat(); err == nil {
		err = openable(name, info)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

func openable(name string, info fs.FileInfo) error {
	if !info.IsDir() && !info.Mode().IsRegular() {
		return &NotRegularError{Name: name, Mode: info.Mode()}
	}
	return nil
}

// Stat implements fs.StatFS.
func (f *Directory) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrInvalid}
	}
	info, err := f.root.Stat(name)
	return info, explain(name, err)
}

// Lstat implements fs.ReadLinkFS.
func (f *Directory) Lstat(name string) (fs.FileInfo, error) {
	info, err := fs.Lstat(f.root.FS(), name)
	return info, explain(name, err)
}

// ReadLink implements fs.ReadLinkFS.
func (f *Directory) ReadLink(name string) (string, error) {
	target, err := fs.ReadLink(f.root.FS(), name)
	return target, explain(name, err)
}

// ReadDir implements fs.ReadDirFS.
func (f *Directory) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(f.root.FS(), name)
	return entries, explain(name, err)
}

// explain gives os.Root's error for a link out of the directory a type: it has
// none, and its text describes internals.
func explain(name string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) && at.Err.Error() == "path escapes from parent" {
		return &OutsideError{Name: path.Clean(name)}
	}
	return err
}
