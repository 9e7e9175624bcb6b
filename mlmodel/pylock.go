package mlmodel

import (
	"fmt"
	"path"
	"strings"
)

// pylockTOML is what is read of a pylock.toml (PEP 751).
type pylockTOML struct {
	LockVersion string `toml:"lock-version"`
	Packages    []pylockPackage
}

type pylockPackage struct {
	Name, Version, Marker, Index string

	VCS struct {
		Type, URL, Subdirectory string
		Commit                  string `toml:"commit-id"`
	}
	Archive struct {
		URL, Path, Subdirectory string
		Hashes                  map[string]string
	}
	Directory struct{ Path string }
	Sdist     pylockFileTOML
	Wheels    []pylockFileTOML
}

type pylockFileTOML struct {
	Hashes map[string]string
}

// hasPylock reports whether the model has a pylock.toml of its own. Beside the
// Deployfile it is the lock of that.
func (r *reader) hasPylock() bool { return r.dir != "." && r.exists(pylockFile) }

// parsePylock reads the file, and the line of each of its packages.
func (r *reader) parsePylock(file string) (*tomlFile, *pylockTOML, []int, error) {
	var lock pylockTOML
	f, err := r.readTOML(file, &lock)
	if err != nil {
		return nil, nil, nil, err
	}
	if !strings.HasPrefix(lock.LockVersion, "1.") {
		return nil, nil, nil, f.fault(f.find("lock-version"), fmt.Sprintf("lock-version %q is not known, only 1.x", lock.LockVersion))
	}
	return f, &lock, f.headers("[[packages]]"), nil
}

func (r *reader) readPylock(file string) ([]ownPackage, error) {
	f, lock, lines, err := r.parsePylock(file)
	if err != nil {
		return nil, err
	}
	var out []ownPackage
	for i, k := range lock.Packages {
		if k.Version == "" || k.place() != "" {
			// A repository or directory, which a requirement names.
			continue
		}
		p := ownPackage{name: k.Name, version: k.Version, marker: k.Marker, registry: k.Index, line: at(lines, i)}
		for _, file := range append(k.Wheels, k.Sdist) {
			if digest := file.Hashes["sha256"]; digest != "" {
				p.hashes = append(p.hashes, "sha256:"+digest)
			}
		}
		out = append(out, p)
	}
	return out, checkOwnPackages(f, out)
}

// requirePylock adds all that the model's pylock.toml has: where nothing else says what
// the model requires, this is the environment that it was logged in.
func (r *reader) requirePylock(p *requirementsParser) error {
	file := path.Join(r.dir, pylockFile)
	_, lock, lines, err := r.parsePylock(file)
	if err != nil {
		return err
	}
	for i, k := range lock.Packages {
		text := k.Name
		switch place := k.place(); {
		case k.Directory.Path != "" && path.Clean(slashed(k.Directory.Path)) == ".":
			// The project that was locked, of which the model has no code.
			continue
		case place != "":
			text += " @ " + place
		case k.Version != "":
			text += "==" + k.Version
		}
		if k.Marker != "" {
			text += " ; " + k.Marker
		}
		if err := p.parse(source{file: file}, []line{{at(lines, i), text}}); err != nil {
			return err
		}
	}
	return nil
}

// place returns where a package is that is from no index, as a requirement has it; "" for
// one that is.
func (k pylockPackage) place() string {
	var fragment []string
	add := func(key, value string) {
		if value != "" {
			fragment = append(fragment, key+"="+value)
		}
	}
	var place string
	switch {
	case k.VCS.URL != "":
		place = "git+" + k.VCS.URL + "@" + k.VCS.Commit
		if k.VCS.Type != "git" {
			place = k.VCS.Type + place[len("git"):]
		}
		add("subdirectory", k.VCS.Subdirectory)
	case k.Archive.URL != "":
		place = k.Archive.URL
		add("sha256", k.Archive.Hashes["sha256"])
		add("subdirectory", k.Archive.Subdirectory)
	case k.Archive.Path != "":
		return "./" + slashed(k.Archive.Path)
	case k.Directory.Path != "":
		return "./" + slashed(k.Directory.Path)
	}
	if len(fragment) > 0 {
		place += "#" + strings.Join(fragment, "&")
	}
	return place
}
