package modelsource

import (
	"context"
	"path"

	"github.com/deployfile/deployfile/deployfile"
)

// Directory is the scheme of a directory of the build context. Package deployfile
// has checked that the path stays below the Deployfile's directory.
type Directory struct{}

// Match implements Scheme: whatever is not a URI is a path.
func (Directory) Match(source string) bool { return !deployfile.IsURI(source) }

// Check implements Scheme.
func (Directory) Check(string) error { return nil }

// Local implements Scheme.
func (Directory) Local(source string) string { return source }

// Pin implements Scheme: the hashes of the files are enough.
func (Directory) Pin(context.Context, Builder, string) (string, error) { return "", nil }

// Tree implements Scheme.
func (Directory) Tree(r Request) (Tree, error) {
	return Tree{State: r.Context, Dir: r.Source, LeftOut: LeftOut(r.Source, r.File)}, nil
}

// LeftOut returns the files that do not belong to a model in the Deployfile's own
// directory: the Deployfile, the files beside it by its name, and git's. Otherwise each
// lock would change the model that it locks.
func LeftOut(source, file string) []string {
	if path.Clean(source) != "." {
		return nil
	}
	return []string{
		file, file + ".lock", file + ".dockerignore", ".dockerignore", ".git",
		"pylock.toml", "pylock.linux-amd64.toml", "pylock.linux-arm64.toml",
	}
}
