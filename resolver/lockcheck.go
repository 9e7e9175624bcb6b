package resolver

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/toolchain"
	"github.com/opencontainers/go-digest"
)

// readable refuses a document that would exhaust the TOML library. The deepest
// key of a lock is packages.wheels.hashes.sha256; keys of tools, which PEP 751
// allows in a pylock file, may be deeper.
func readable(data []byte) error {
	if len(data) > MaxLock {
		return fmt.Errorf("it is larger than %d MiB", MaxLock>>20)
	}
	return untrusted.CheckTOML(data, untrusted.TOMLLimits{Depth: 32, Marks: 200_000, Values: 500_000})
}

// check refuses values that no lock has, so that an untrusted lock cannot make
// a step read, write or run anything else.
func (l *Lock) check() error {
	if p := l.ModelSource; p != nil {
		if err := p.Check(); err != nil {
			return err
		}
	}
	for _, p := range l.ModelBase {
		if err := p.Check(); err != nil {
			return err
		}
	}
	for _, img := range []Image{l.Base, l.Toolchain} {
		if _, err := digest.Parse(img.Digest); err != nil {
			return fmt.Errorf("image %q: digest %q: %w", img.Ref, img.Digest, err)
		}
		if !path.IsAbs(img.Python) || path.Clean(img.Python) != img.Python || !pythonPattern.MatchString(img.PythonVersion) {
			return fmt.Errorf("image %q: %q is not the path of a Python %q", img.Ref, img.Python, img.PythonVersion)
		}
	}
	var files []toolchain.Download
	for _, u := range l.UV {
		files = append(files, u.Download)
	}
	names := make([]string, len(l.Platforms))
	known := map[string]bool{}
	for i, p := range l.Platforms {
		if names[i] = p.Name; known[p.Name] {
			return fmt.Errorf("platform %s is locked twice", p.Name)
		}
		known[p.Name] = true
	}
	for _, p := range l.Platforms {
		if want := PylockName(p.Name, names); p.Pylock != want {
			return fmt.Errorf("the pylock file of %s must be %[3]q instead of %[2]q", p.Name, p.Pylock, want)
		}
		// Another name could be an alias of the same file, many times.
		if _, err := machine(p.Name); err != nil {
			return err
		}
		if !glibcPattern.MatchString(p.Glibc) {
			return fmt.Errorf("platform %s: %q is not a version of the GNU C library", p.Name, p.Glibc)
		}
		for _, s := range slices.Concat(p.SystemPackages, p.BuildPackages) {
			files = append(files, s.Download)
		}
		for _, b := range p.Built {
			if err := b.check(); err != nil {
				return err
			}
		}
		if err := p.Wheels.check(); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := f.Check(); err != nil {
			return err
		}
		if f.URL == "" {
			return fmt.Errorf("%s has no URL", f.Filename)
		}
	}
	for _, m := range l.Model {
		if err := m.Check(); err != nil {
			return err
		}
	}
	return checkTree(l.Model)
}

// pinLine matches a line of a wheel's pinned build requirements, as uv writes
// them.
var pinLine = regexp.MustCompile(`^( *#[^[:cntrl:]]*| *--hash=sha256:[0-9a-f]{64}( \\)?|[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.+!]+( ?;[^\\[:cntrl:]]*)?( \\)?|)$`)

func (b BuiltWheel) check() error {
	d := toolchain.Download{Filename: b.Filename, SHA256: b.SHA256}
	if err := d.Check(); err != nil {
		return err
	}
	if _, err := pypi.ParseWheelName(b.Filename); err != nil {
		return fmt.Errorf("built wheel %s: %w", b.Name, err)
	}
	for _, name := range b.Libraries {
		if !libraryPattern.MatchString(name) {
			return fmt.Errorf("built wheel %s: %q is not the name of a library", b.Name, name)
		}
	}
	for line := range strings.SplitSeq(b.Requirements, "\n") {
		if !pinLine.MatchString(line) {
			return fmt.Errorf("built wheel %s: %q is not a pinned requirement", b.Name, line)
		}
	}
	return nil
}
