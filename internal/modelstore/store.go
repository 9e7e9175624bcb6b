// Package modelstore asks the stores of models, with the user's own credentials: what a
// source stands for now, which files it has, and for their bytes. Each kind of store is a
// file with a Store. What a store answers is untrusted.
package modelstore

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/modelcache"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
)

// Store is a directory of files that is one model.
type Store interface {
	// List lists the files.
	List(ctx context.Context) ([]File, error)
	// Open returns a file's bytes from an offset on, or from the beginning if the
	// store cannot do that; from says which.
	Open(ctx context.Context, file File, offset int64) (body io.ReadCloser, from int64, err error)
	// Access returns how a step of a builder elsewhere fetches these files, nil if only
	// this machine reaches them.
	Access(ctx context.Context, files []File) (*modelsource.Access, error)
}

// File is a file in a store.
type File struct {
	// Path is relative to the model's directory, with slashes.
	Path string
	// Size is -1 if the store does not say it.
	Size int64
	// SHA256 is the hash if it is known, "" if not.
	SHA256 string
	// Version changes whenever the contents do, "" if the store has no such name.
	Version string
	// Revision is a name by which the store serves these contents as long as it keeps
	// them, "" if it has none.
	Revision string
}

// Model is what a source stands for now.
type Model struct {
	Pin   modelsource.Pin
	Store Store
}

// Options are where to look, and with which credentials.
type Options struct {
	// TrackingURI is [model] tracking-uri.
	TrackingURI string
	// Getenv looks up an environment variable, Home is the user's directory.
	Getenv func(string) string
	Home   string
	// Cache returns the user's cache, for stores whose files come together.
	Cache func() (*modelcache.Cache, error)
}

// kind is a kind of store.
type kind struct {
	scheme modelsource.Listed
	// resolve asks what a source stands for; reopen returns the store of a pin, and
	// asks nobody.
	resolve func(ctx context.Context, source string, o Options) (*Model, error)
	reopen  func(pin modelsource.Pin, o Options) (Store, error)
}

func kinds() []kind {
	return []kind{
		{modelsource.MLflow{}, resolveMLflow, reopenMLflow},
		{modelsource.Objects{}, resolveObjects, reopenObjects},
		{modelsource.Archive{}, resolveArchive, reopenArchive},
		{modelsource.Hub{}, resolveHub, reopenHub},
		{modelsource.Git{}, resolveGit, reopenGit},
	}
}

func kindOf(source string) (kind, error) {
	for _, k := range kinds() {
		if k.scheme.Match(source) {
			return k, nil
		}
	}
	return kind{}, &modelsource.UnknownError{Source: source}
}

// Resolve asks what a source stands for.
func Resolve(ctx context.Context, source string, o Options) (*Model, error) {
	k, err := kindOf(source)
	if err != nil {
		return nil, err
	}
	return k.resolve(ctx, source, o)
}

// Reopen returns the store of a pin. It asks nobody.
func Reopen(pin modelsource.Pin, o Options) (Store, error) {
	k, err := kindOf(pin.Source)
	if err != nil {
		return nil, err
	}
	return k.reopen(pin, o)
}

// What a listing may have: no model has as many files, and a server may not end.
const (
	maxFiles = 100_000
	maxDepth = 64
	maxName  = 4096 // bytes of a path
)

// listed checks a listing, and sorts it. It leaves out what MLflow's client writes into
// a model that it downloads, which is no part of the model, and which a client may have
// uploaded again.
func listed(files []File) ([]File, error) {
	files = slices.DeleteFunc(files, func(f File) bool { return f.Path == mlmodel.RegisteredModelMeta })
	if len(files) == 0 {
		return nil, errNoFiles
	}
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	dirs := map[string]bool{}
	for n, f := range files {
		if len(f.Path) > maxName || strings.Count(f.Path, "/") > maxDepth {
			return nil, fmt.Errorf("the store lists a file %q, whose path has more than %d bytes or %d directories", f.Path[:min(len(f.Path), 200)], maxName, maxDepth)
		}
		if !filepath.IsLocal(f.Path) || terminal.Obeys(f.Path) {
			return nil, fmt.Errorf("the store lists a file %q, which is outside the model's directory or has a control character in its name", f.Path)
		}
		if n > 0 && files[n-1].Path == f.Path {
			return nil, fmt.Errorf("the store lists %q twice", f.Path)
		}
		for dir := path.Dir(f.Path); dir != "." && !dirs[dir]; dir = path.Dir(dir) {
			dirs[dir] = true
		}
		if len(dirs) > untrusted.MaxDirectories {
			return nil, fmt.Errorf("the store lists files in more than %d directories", untrusted.MaxDirectories)
		}
	}
	for _, f := range files {
		if dirs[f.Path] {
			return nil, fmt.Errorf("the store lists %q as a file and as a directory; a model has only one of them", f.Path)
		}
	}
	return files, nil
}
