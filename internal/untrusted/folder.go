package untrusted

import (
	"errors"
	"io/fs"
	"os"
	"path"
)

// Folder is a folder of the machine as a file system that nothing leads out of,
// and in which only regular files and folders can be opened. A symbolic link
// within it is followed; one that leads out of it is an *OutsideError, be it that
// it would come back.
type Folder struct{ root *os.Root }

var (
	_ fs.ReadDirFS  = (*Folder)(nil)
	_ fs.StatFS     = (*Folder)(nil)
	_ fs.ReadLinkFS = (*Folder)(nil)
)

// OpenFolder opens a folder, which may be named through links. Whoever opens it
// closes it.
func OpenFolder(name string) (*Folder, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &Folder{root}, nil
}

// Close closes the folder; files that are open stay so.
func (f *Folder) Close() error { return f.root.Close() }

// Open implements fs.FS. What is neither a regular file nor a folder is a
// *NotRegularError.
func (f *Folder) Open(name string) (fs.File, error) {
	// Before it is opened: opening a device can have an effect.
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
	// It may have been another file by then.
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
func (f *Folder) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrInvalid}
	}
	info, err := f.root.Stat(name)
	return info, explain(name, err)
}

// Lstat implements fs.ReadLinkFS.
func (f *Folder) Lstat(name string) (fs.FileInfo, error) {
	info, err := fs.Lstat(f.root.FS(), name)
	return info, explain(name, err)
}

// ReadLink implements fs.ReadLinkFS.
func (f *Folder) ReadLink(name string) (string, error) {
	target, err := fs.ReadLink(f.root.FS(), name)
	return target, explain(name, err)
}

// ReadDir implements fs.ReadDirFS.
func (f *Folder) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(f.root.FS(), name)
	return entries, explain(name, err)
}

// explain gives the error of os.Root for a link that leads out a type: it has
// none, and its words are about the machinery.
func explain(name string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) && at.Err.Error() == "path escapes from parent" {
		return &OutsideError{Name: path.Clean(name)}
	}
	return err
}
