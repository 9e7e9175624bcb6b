package resolver

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"deps.dev/util/pypi"
	"github.com/BurntSushi/toml"
)

// Pylock is a lock of Python packages, as far as a build needs it (PEP 751).
type Pylock struct {
	LockVersion    string          `toml:"lock-version"`
	CreatedBy      string          `toml:"created-by"`
	RequiresPython string          `toml:"requires-python"`
	Packages       []PylockPackage `toml:"packages"`
}

// PylockPackage is one locked package: wheels, or an sdist, or a version
// control revision, or an archive by URL or path.
type PylockPackage struct {
	Name    string         `toml:"name"`
	Version string         `toml:"version"`
	Index   string         `toml:"index"`
	Wheels  []PylockFile   `toml:"wheels"`
	Sdist   *PylockFile    `toml:"sdist"`
	Archive *PylockFile    `toml:"archive"`
	VCS     *PylockVCS     `toml:"vcs"`
	Dir     map[string]any `toml:"directory"`
}

// PylockFile is a file with its hashes.
type PylockFile struct {
	Name   string            `toml:"name"`
	URL    string            `toml:"url"`
	Path   string            `toml:"path"`
	Size   int64             `toml:"size"`
	Hashes map[string]string `toml:"hashes"`
	// Subdirectory is where an archive's project is.
	Subdirectory string `toml:"subdirectory"`
}

// PylockVCS is a revision of a repository.
type PylockVCS struct {
	Type              string `toml:"type"`
	URL               string `toml:"url"`
	RequestedRevision string `toml:"requested-revision"`
	CommitID          string `toml:"commit-id"`
	Subdirectory      string `toml:"subdirectory"`
}

// ParsePylock reads a pylock.toml.
func ParsePylock(data []byte) (*Pylock, error) {
	var p Pylock
	if err := toml.Unmarshal(data, &p); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(p.LockVersion, "1.") {
		return nil, fmt.Errorf("lock-version %q is not known: this deployfile reads 1.x", p.LockVersion)
	}
	seen := map[string]bool{}
	for i := range p.Packages {
		pkg := &p.Packages[i]
		if pkg.Name == "" {
			return nil, fmt.Errorf("packages[%d] has no name", i)
		}
		if c := pypi.CanonPackageName(pkg.Name); seen[c] {
			return nil, fmt.Errorf("package %q is locked twice", pkg.Name)
		} else {
			seen[c] = true
		}
	}
	return &p, nil
}

// Filename is the file's name: the one given, or the last part of its path
// or URL.
func (f PylockFile) Filename() string {
	switch {
	case f.Name != "":
		return f.Name
	case f.Path != "":
		return path.Base(f.Path)
	}
	u, err := url.Parse(f.URL)
	if err != nil {
		return path.Base(f.URL)
	}
	return path.Base(u.Path)
}
