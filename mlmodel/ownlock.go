package mlmodel

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"deps.dev/util/pypi"
	"github.com/BurntSushi/toml"
	"github.com/deployfile/deployfile/internal/redact"
	"github.com/deployfile/deployfile/internal/untrusted"
)

const (
	uvLockFile  = "uv.lock"
	projectFile = "pyproject.toml"
	pylockFile  = "pylock.toml"
)

// maxLock limits the size of a model's own lock, in bytes.
const maxLock = 16 << 20

// maxLockedIndexes limits the indexes that a model's own lock takes packages from.
const maxLockedIndexes = 100

// LockedIndex is an index that a model's own lock names.
type LockedIndex struct {
	// URL has no credential, Packages are the normalised names of what is locked from
	// there, sorted.
	URL      string
	Packages []string
}

// ownPackage is a package of a model's own lock.
type ownPackage struct {
	name, version, marker string
	hashes                []string
	// registry is the index that it is from, "" for one that is from elsewhere.
	registry string
	line     int
}

// readOwnLock takes the versions and hashes of the model's uv.lock, or else of its
// pylock.toml, as constraints: what the model requires is resolved to these and to
// nothing else.
func (r *reader) readOwnLock(p *requirementsParser) error {
	for _, l := range []struct {
		name string
		read func(file string) ([]ownPackage, error)
	}{{uvLockFile, r.readUVLock}, {pylockFile, r.readPylock}} {
		if !r.exists(l.name) || l.name == pylockFile && !r.hasPylock() {
			continue
		}
		file := path.Join(r.dir, l.name)
		packages, err := l.read(file)
		if err != nil {
			return err
		}
		p.out.Files = append(p.out.Files, file)
		for _, k := range packages {
			if err := p.pin(file, k); err != nil {
				return err
			}
		}
		return nil
	}
	return nil
}

// pin adds a constraint for a package.
func (p *requirementsParser) pin(file string, k ownPackage) error {
	l := line{k.line, k.name + "==" + k.version}
	if k.marker != "" {
		l.text += " ; " + k.marker
	}
	if err := p.counted(file, l); err != nil {
		return err
	}
	q, err := p.parseRequirement(file, l)
	if err != nil {
		return err
	}
	q.Hashes = k.hashes
	p.out.Constraints = append(p.out.Constraints, q)
	return nil
}

// readTOML reads a TOML file of the model.
func (r *reader) readTOML(file string, into any) (*tomlFile, error) {
	data, err := untrusted.ReadFile(r.fsys, file, maxLock)
	if err != nil {
		return nil, readError(file, err, true)
	}
	if data, err = decode(file, data, leaveOut(file)); err != nil {
		return nil, err
	}
	f := &tomlFile{name: file, lines: strings.Split(string(data), "\n")}
	var excess *untrusted.StructureError
	if errors.As(untrusted.CheckTOML(data, untrusted.TOMLLimits{Depth: 32, Marks: 200_000, Values: 500_000}), &excess) {
		return nil, f.fault(1+bytes.Count(data[:excess.Offset], []byte("\n")), fmt.Sprintf("the file has more than %d %s", excess.Limit, excess.Measure))
	}
	if err := toml.Unmarshal(data, into); err != nil {
		number, message := 1, strings.TrimPrefix(err.Error(), "toml: ")
		var at toml.ParseError
		if errors.As(err, &at) {
			number, message = at.Position.Line, at.Message
		}
		return nil, f.fault(number, "this is not TOML: "+message)
	}
	return f, nil
}

// tomlFile is a TOML file with its lines.
type tomlFile struct {
	name  string
	lines []string
}

func (f *tomlFile) fault(number int, message string) *SourceError {
	number = max(1, min(number, len(f.lines)))
	return newSourceError(f.name, number, f.lines[number-1], message, leaveOut(f.name))
}

// headers returns the lines of a table's headers, [[packages]] say, in their order.
func (f *tomlFile) headers(header string) []int {
	var out []int
	for i, l := range f.lines {
		if strings.TrimSpace(l) == header {
			out = append(out, i+1)
		}
	}
	return out
}

var tomlStrings = regexp.MustCompile(`"[^"]*"|'[^']*'`)

// strings returns the first line of each string that is written without escapes.
func (f *tomlFile) strings() map[string]int {
	out := map[string]int{}
	for i, l := range f.lines {
		for _, quoted := range tomlStrings.FindAllString(l, -1) {
			if text := quoted[1 : len(quoted)-1]; out[text] == 0 {
				out[text] = i + 1
			}
		}
	}
	return out
}

// find returns the first line that contains a text, 1 if none does.
func (f *tomlFile) find(text string) int {
	for i, l := range f.lines {
		if strings.Contains(l, text) {
			return i + 1
		}
	}
	return 1
}

// at returns the n-th of the lines, or 1.
func at(lines []int, n int) int {
	if n < len(lines) {
		return lines[n]
	}
	return 1
}

// checkOwnPackages refuses names and versions that no lock has.
func checkOwnPackages(f *tomlFile, packages []ownPackage) error {
	for _, k := range packages {
		if !identifier.MatchString(k.name) || checkSpecifier("=="+k.version) != nil || strings.ContainsAny(k.version, ",*") {
			return f.fault(k.line, fmt.Sprintf("%q, version %q, is not a package", k.name, k.version))
		}
		if strings.ContainsFunc(k.marker, isControl) {
			return f.fault(k.line, fmt.Sprintf("the marker of %s has a line break or another control character", k.name))
		}
		for _, h := range k.hashes {
			if digest, ok := strings.CutPrefix(h, "sha256:"); !ok || !isDigest(digest, 64) {
				return f.fault(k.line, fmt.Sprintf("%q is not a hash of %s", h, k.name))
			}
		}
	}
	return nil
}

func isDigest(text string, length int) bool {
	return len(text) == length && strings.Trim(text, "0123456789abcdef") == ""
}

// lockedIndexes groups packages by their indexes, for those indexes that the project
// itself names. Any other is the default one of the machine that wrote the lock, for
// which a build has its own.
func lockedIndexes(packages []ownPackage, named []string) ([]LockedIndex, error) {
	from := map[string][]string{}
	for _, k := range packages {
		registry := strings.TrimSuffix(k.registry, "/")
		from[registry] = append(from[registry], pypi.CanonPackageName(k.name))
	}
	var out []LockedIndex
	for _, url := range named {
		x := LockedIndex{URL: url, Packages: from[strings.TrimSuffix(url, "/")]}
		if len(x.Packages) == 0 {
			continue
		}
		if checkURL(url) != nil || variable.MatchString(url) {
			return nil, fmt.Errorf("packages are locked from %q: an index needs an http or https URL without variables", redact.Cut(url))
		}
		if out = append(out, x); len(out) > maxLockedIndexes {
			return nil, fmt.Errorf("packages are locked from more than %d indexes", maxLockedIndexes)
		}
		slices.Sort(x.Packages)
		out[len(out)-1].Packages = slices.Compact(slices.Clone(x.Packages))
	}
	return out, nil
}
