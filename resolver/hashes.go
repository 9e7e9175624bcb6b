package resolver

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"deps.dev/util/pypi"
	"deps.dev/util/semver"
	"github.com/deployfile/deployfile/internal/listing"
)

// OptionRequireHashes is the one of Inputs.Options that is not uv's: --require-hashes
// of a requirements file.
const OptionRequireHashes = "--require-hashes"

// Hashes are the hashes that requirements demand of the files that are installed:
// their --hash options, as pip has them.
type Hashes struct {
	// Allowed has, by a package's normalised name, or the path or URL of its file,
	// the hashes of each requirement, "sha256:…". A file must be allowed by all.
	Allowed map[string][][]string
	// Pinned has, by a package's normalised name, those of requirements of one
	// version that are for some environments alone: a lock for all of them has
	// another version, with other hashes, for the others.
	Pinned map[string][]PinnedHashes
	// All refuses every package without hashes (--require-hashes).
	All bool
}

// PinnedHashes are the hashes that a requirement demands of one version.
type PinnedHashes struct {
	// Specifier is the requirement's, "==1.2".
	Specifier string
	Hashes    []string
}

// of reports whether a version may be the one that is meant.
func (p PinnedHashes) of(version string) bool {
	c, err := semver.PyPI.ParseConstraint(p.Specifier)
	v, err2 := semver.PyPI.Parse(version)
	if err != nil || err2 != nil || c.MatchVersionPrerelease(v) {
		return true
	}
	// What asks for a public version takes its local ones, too (PEP 440).
	public, _, _ := strings.Cut(version, "+")
	v, err = semver.PyPI.Parse(public)
	return err != nil || c.MatchVersionPrerelease(v)
}

var (
	packageHeader = regexp.MustCompile(`(?m)^\[\[packages\]\]$`)
	lockedHash    = regexp.MustCompile(`\bsha256 = "([0-9a-f]{64})"`)
)

// enforce removes from a pylock, as uv writes it, the files that are not allowed.
// It returns a *RequirementError if none is left of a package.
func (h Hashes) enforce(pylock []byte) ([]byte, error) {
	if len(h.Allowed) == 0 && len(h.Pinned) == 0 && !h.All {
		return pylock, nil
	}
	starts := packageHeader.FindAllIndex(pylock, -1)
	if len(starts) == 0 {
		return pylock, nil
	}
	lock, err := ParsePylock(pylock)
	if err != nil {
		return nil, err
	}
	if len(starts) != len(lock.Packages) {
		return nil, fmt.Errorf("the hashes of %d packages cannot be compared in a pylock of %d", len(starts), len(lock.Packages))
	}
	out := slices.Clone(pylock[:starts[0][0]])
	for n, start := range starts {
		end := len(pylock)
		if n+1 < len(starts) {
			end = starts[n+1][0]
		}
		block, err := h.enforceOne(lock.Packages[n], string(pylock[start[0]:end]))
		if err != nil {
			return nil, err
		}
		out = append(out, block...)
	}
	return out, nil
}

// enforceOne removes the lines of the files of one package that are not allowed.
func (h Hashes) enforceOne(pkg PylockPackage, block string) (string, error) {
	name := pypi.CanonPackageName(pkg.Name)
	fault := func(format string, args ...any) error {
		return &RequirementError{Name: name, Err: fmt.Errorf(format, args...)}
	}
	demanded := h.demanded(pkg)
	if len(demanded) == 0 {
		if h.All {
			return "", fault("--require-hashes demands hashes of everything that is installed, and no requirement has a --hash of %s %s; "+
				"write it with its hash into a file of requirements in [environment]", name, pkg.Version)
		}
		return block, nil
	}
	if pkg.VCS != nil {
		return "", fault("a repository has no --hash; name a commit in its place: @ and its 40 digits")
	}
	var kept, found []string
	left := 0
	for line := range strings.SplitAfterSeq(block, "\n") {
		hashes := lockedHash.FindAllStringSubmatch(line, -1)
		allowed := true
		for _, m := range hashes {
			found = append(found, "sha256:"+m[1])
			allowed = allowed && fits(m[1], demanded)
		}
		if allowed {
			kept = append(kept, line)
			left += len(hashes)
		}
	}
	if left == 0 {
		return "", fault("no file of %s %s has a hash that the requirement allows: expected %s, found %s", name, pkg.Version, some(slices.Concat(demanded...)), some(found))
	}
	return strings.Join(kept, ""), nil
}

// demanded returns the hashes that each requirement of a package has.
func (h Hashes) demanded(pkg PylockPackage) [][]string {
	name := pypi.CanonPackageName(pkg.Name)
	out := slices.Clone(h.Allowed[name])
	for _, p := range h.Pinned[name] {
		if pkg.Version == "" || p.of(pkg.Version) {
			out = append(out, p.Hashes)
		}
	}
	if a := pkg.Archive; a != nil {
		if a.URL != "" {
			out = slices.Concat(out, h.Allowed[a.URL])
		}
		if a.Path != "" {
			out = slices.Concat(out, h.Allowed[path.Clean(a.Path)])
		}
	}
	return out
}

// fits reports whether every requirement allows a hash. A lock has SHA-256 alone, so
// a requirement with none allows nothing.
func fits(sha256 string, demanded [][]string) bool {
	for _, one := range demanded {
		if !slices.Contains(one, "sha256:"+sha256) {
			return false
		}
	}
	return true
}

// some lists the first few of many.
func some(values []string) string {
	if len(values) == 0 {
		return "none"
	}
	return listing.UpTo(4, values)
}
