package resolver

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/deployfile/deployfile/toolchain"
)

// Source is a package that is locked as source and must be built.
type Source struct {
	Name, Version string
	// File is the source distribution, VCS the repository if File is nil.
	File *PylockFile
	VCS  *PylockVCS
}

// Wheel is a package that is locked as a wheel.
type Wheel struct {
	Name, Version string
	toolchain.Download
	// Path is set for a wheel in the build context, relative to it.
	Path string
	// Direct reports whether the URL was required, and that no index need have the wheel.
	Direct bool
}

// Installs returns what the platform installs of its pylock with a version of Python,
// "3.N", as Select does.
func (p *Platform) Installs(python string, pylock *Pylock) (wheels []Wheel, sources []Source, err error) {
	interpreter, err := p.Interpreter(python)
	if err != nil {
		return nil, nil, err
	}
	return Select(pylock, interpreter)
}

// ParsePylock parses the platform's pylock file; nil is a missing one.
func (p *Platform) ParsePylock(data []byte) (*Pylock, error) {
	if data == nil {
		return nil, fmt.Errorf("%s, which the lock names, is missing", p.Pylock)
	}
	lock, err := ParsePylock(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Pylock, err)
	}
	return lock, nil
}

// installs is Installs for the text of the pylock.
func (p *Platform) installs(python string, pylock []byte) ([]Wheel, []Source, error) {
	lock, err := p.ParsePylock(pylock)
	if err != nil {
		return nil, nil, err
	}
	return p.Installs(python, lock)
}

// Select returns for every package of a pylock the wheel for the interpreter,
// or the source to build. Its error names all packages that have neither, each
// by a *NoWheelError.
func Select(p *Pylock, i Interpreter) (wheels []Wheel, sources []Source, err error) {
	var missing []error
	tags := i.ranks()
	for _, pkg := range p.Packages {
		switch {
		case pkg.Archive != nil && strings.HasSuffix(pkg.Archive.Filename(), ".whl"):
			if tags.choose([]string{pkg.Archive.Filename()}) < 0 {
				missing = append(missing, &NoWheelError{Name: pkg.Name, Version: pkg.Version, Platform: i.platforms()[0], Have: []string{pkg.Archive.Filename()}})
				continue
			}
			w, err := pkg.Archive.wheel(pkg)
			if err != nil {
				return nil, nil, err
			}
			w.Direct = w.URL != ""
			wheels = append(wheels, w)
		case pkg.Archive != nil:
			sources = append(sources, Source{Name: pkg.Name, Version: pkg.Version, File: pkg.Archive})
		case pkg.VCS != nil:
			sources = append(sources, Source{Name: pkg.Name, Version: pkg.Version, VCS: pkg.VCS})
		case len(pkg.Dir) > 0:
			return nil, nil, fmt.Errorf("package %s is a directory; make it a wheel, or its contents [environment] code", pkg.Name)
		default:
			names := make([]string, len(pkg.Wheels))
			for n, w := range pkg.Wheels {
				names[n] = w.Filename()
			}
			n := tags.choose(names)
			switch {
			case n >= 0:
				w, err := pkg.Wheels[n].wheel(pkg)
				if err != nil {
					return nil, nil, err
				}
				wheels = append(wheels, w)
			case pkg.Sdist != nil:
				sources = append(sources, Source{Name: pkg.Name, Version: pkg.Version, File: pkg.Sdist})
			default:
				missing = append(missing, &NoWheelError{Name: pkg.Name, Version: pkg.Version, Platform: i.platforms()[0], Have: names})
			}
		}
	}
	return wheels, sources, errors.Join(missing...)
}

// NoWheelError reports that a package cannot be installed on a platform.
type NoWheelError struct {
	Name, Version, Platform string
	// Have are the file names of the package's wheels.
	Have []string
	// Builder is the builder's platform if there is a source distribution or a
	// repository that this builder cannot build for Platform.
	Builder string
}

// Error names the existing wheels, or says what else to do.
func (e *NoWheelError) Error() string {
	if e.Builder != "" {
		return fmt.Sprintf("%s %s has no wheel for %s and would have to be built from source there, and this builder is %s: lock on a builder for %s, or require a version with a wheel",
			e.Name, e.Version, e.Platform, e.Builder, e.Platform)
	}
	have := "none"
	if len(e.Have) > 0 {
		have = strings.Join(e.Have, ", ")
	}
	return fmt.Sprintf("%s %s has no wheel for %s and no source distribution; there is %s", e.Name, e.Version, e.Platform, have)
}

func (f PylockFile) wheel(pkg PylockPackage) (Wheel, error) {
	if err := f.check(pkg.Name); err != nil {
		return Wheel{}, err
	}
	w := Wheel{
		Name: pkg.Name, Version: pkg.Version, Path: f.Path,
		Download: f.download(),
	}
	if w.Path != "" {
		w.Path = path.Clean(w.Path)
	}
	if w.Version == "" {
		// For a direct URL, only the file name has the version (PEP 427).
		w.Version = strings.Split(w.Filename, "-")[1]
	}
	return w, nil
}

// check refuses a file without a hash or outside the build context.
func (f PylockFile) check(pkg string) error {
	if err := f.download().Check(); err != nil {
		return fmt.Errorf("package %s: %w", pkg, err)
	}
	if f.Path != "" && !filepath.IsLocal(f.Path) {
		return fmt.Errorf("package %s: %s is outside of the build context", pkg, f.Path)
	}
	return nil
}

func (f PylockFile) download() toolchain.Download {
	return toolchain.Download{Filename: f.Filename(), URL: f.URL, SHA256: f.Hashes["sha256"], Size: f.Size}
}

// Wheels returns the wheels of a platform that are not built from source. Its error
// names what has no wheel.
func (l *Lock) Wheels(p Platform, pylock []byte) ([]Wheel, error) {
	wheels, _, err := p.installs(l.Toolchain.PythonVersion, pylock)
	return wheels, err
}
