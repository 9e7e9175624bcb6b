package resolver

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"deps.dev/util/pypi"
	"github.com/BurntSushi/toml"
)

// Pylock is a lock of Python packages, with the parts that a build needs (PEP
// 751).
type Pylock struct {
	LockVersion    string          `toml:"lock-version"`
	CreatedBy      string          `toml:"created-by"`
	RequiresPython string          `toml:"requires-python"`
	Packages       []PylockPackage `toml:"packages"`
}

// PylockPackage is one locked package: wheels, an sdist, a revision of a
// repository, or an archive by URL or path.
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
	// Subdirectory is the directory of the project in an archive.
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

// ParsePylock parses a pylock.toml.
func ParsePylock(data []byte) (*Pylock, error) {
	if err := readable(data); err != nil {
		return nil, err
	}
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
		if err := pkg.check(); err != nil {
			return nil, fmt.Errorf("packages[%d]: %w", i, err)
		}
		if c := pypi.CanonPackageName(pkg.Name); seen[c] {
			return nil, fmt.Errorf("package %q is locked twice", pkg.Name)
		} else {
			seen[c] = true
		}
	}
	return &p, nil
}

var (
	namePattern    = regexp.MustCompile(`(?i)^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$`)
	versionPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+!_-]*$`)
	commitPattern  = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
)

// check refuses anything but a plain name, version or commit where these become
// part of commands.
func (p *PylockPackage) check() error {
	switch {
	case p.Name == "":
		return errors.New("it has no name")
	case !namePattern.MatchString(p.Name):
		return fmt.Errorf("%q is not a package's name", p.Name)
	case p.Version != "" && !versionPattern.MatchString(p.Version):
		return fmt.Errorf("%q is not a version of %s", p.Version, p.Name)
	case p.VCS != nil && !commitPattern.MatchString(p.VCS.CommitID):
		return fmt.Errorf("%q is not a commit of %s", p.VCS.CommitID, p.Name)
	}
	if p.VCS != nil {
		if err := checkRepository(p.VCS.URL, p.VCS.RequestedRevision, p.VCS.Subdirectory); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return nil
}

// Filename returns the file's name: the explicit one, or the last part of its
// path or URL.
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

// VerifyPylocks checks that the pylock files belong to the lock.
func (l *Lock) VerifyPylocks(files map[string][]byte) error {
	for _, p := range l.Platforms {
		data, ok := files[p.Pylock]
		if !ok {
			return fmt.Errorf("%s is missing, but the lock was made with it; run deployfile lock", p.Pylock)
		}
		if hash(data) != p.PylockSHA256 {
			return fmt.Errorf("%s is not the file that the lock was made with; run deployfile lock", p.Pylock)
		}
	}
	return nil
}

// PylockNames returns the names of the pylock files of the lock.
func (l *Lock) PylockNames() []string {
	names := map[string]bool{}
	for _, p := range l.Platforms {
		names[p.Pylock] = true
	}
	return slices.Sorted(maps.Keys(names))
}
