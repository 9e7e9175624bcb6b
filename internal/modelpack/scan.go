package modelpack

import (
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/terminal"
)

// tree is what a model's directory has in it, sorted by path.
type tree struct {
	files []File
	dirs  []string
}

// scan lists a model's directory without what is left out. It reads no file.
func scan(dir fs.FS, leftOut []string) (*tree, error) {
	t := &tree{}
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && slices.Contains(leftOut, name) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err != nil || name == "." {
			return err
		}
		if err := checkPath(name); err != nil {
			return err
		}
		if d.IsDir() {
			t.dirs = append(t.dirs, name)
			return nil
		}
		f, err := scanFile(dir, name)
		t.files = append(t.files, f)
		return err
	})
	slices.Sort(t.dirs)
	slices.SortFunc(t.files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return t, err
}

func scanFile(dir fs.FS, name string) (File, error) {
	f := File{Path: name}
	info, err := fs.Lstat(dir, name)
	if err != nil {
		return f, err
	}
	f.Size, f.identity = info.Size(), identity(info)
	switch {
	case info.Mode().IsRegular():
		f.Executable = info.Mode()&0o111 != 0
		return f, nil
	case info.Mode()&fs.ModeSymlink == 0:
		return f, &FileError{name, "is neither a file nor a directory"}
	}
	if f.Link, err = fs.ReadLink(dir, name); err != nil {
		return f, err
	}
	f.Link = filepath.ToSlash(f.Link)
	f.Size = int64(len(f.Link))
	if _, err := fs.Stat(dir, name); err != nil || !within(name, f.Link) {
		return f, &FileError{name, "is a symbolic link to something outside of the model's directory; put the file itself there"}
	}
	return f, nil
}

// within reports whether a link stays within the model.
func within(name, link string) bool {
	return !path.IsAbs(link) && filepath.IsLocal(path.Join(path.Dir(name), link))
}

// checkPath refuses a name that leads out of a directory, or that no lock would have.
func checkPath(name string) error {
	switch {
	case terminal.Obeys(name):
		return &FileError{name, "has a control character or invalid UTF-8 in its name"}
	case len(name) > maxName:
		return &FileError{name[:200] + "…", fmt.Sprintf("has a name of more than %d bytes", maxName)}
	case strings.Count(name, "/") > maxDepth:
		return &FileError{name[:min(len(name), 200)], fmt.Sprintf("is in more than %d directories", maxDepth)}
	case !filepath.IsLocal(name) || path.Clean(name) != name || strings.Contains(name, `\`) && filepath.Separator == '\\':
		return &FileError{name, "is outside of the model's directory"}
	}
	return nil
}

// FileError is a file of a model that cannot be packed or unpacked.
type FileError struct {
	// Path is the file's, Problem continues a sentence about it.
	Path, Problem string
}

// Error names the file.
func (e *FileError) Error() string { return fmt.Sprintf("model file %q %s", e.Path, e.Problem) }
