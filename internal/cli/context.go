package cli

import (
	"io/fs"
	"slices"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/moby/patternmatcher"
)

// contextFS is the build context as a build sees it: a directory without what
// .dockerignore leaves out.
type contextFS struct {
	*untrusted.Directory
	ignored *patternmatcher.PatternMatcher
}

// openContext opens the build context of a Deployfile.
func openContext(dir, file string) (*contextFS, error) {
	// A link that leads out of the directory is followed by no build.
	files, err := untrusted.OpenDirectory(dir)
	if err != nil {
		return nil, err
	}
	ignored, err := ignoredPaths(files, file)
	if err != nil {
		files.Close()
		return nil, err
	}
	return &contextFS{files, ignored}, nil
}

// leavesOut reports whether .dockerignore leaves out a file. A directory stays if
// there are exceptions, which may be below it.
func (f *contextFS) leavesOut(name string, dir bool) bool {
	if name == "." || dir && f.ignored.Exclusions() {
		return false
	}
	match, err := f.ignored.MatchesOrParentMatches(name)
	return err == nil && match
}

// Open implements fs.FS.
func (f *contextFS) Open(name string) (fs.File, error) {
	if _, err := f.Stat(name); err != nil {
		return nil, err
	}
	return f.Directory.Open(name)
}

// Stat implements fs.StatFS.
func (f *contextFS) Stat(name string) (fs.FileInfo, error) {
	info, err := f.Directory.Stat(name)
	if err == nil && f.leavesOut(name, info.IsDir()) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return info, err
}

// ReadDir implements fs.ReadDirFS.
func (f *contextFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := f.Directory.ReadDir(name)
	return slices.DeleteFunc(entries, func(e fs.DirEntry) bool {
		below := e.Name()
		if name != "." {
			below = name + "/" + below
		}
		return f.leavesOut(below, e.IsDir())
	}), err
}
