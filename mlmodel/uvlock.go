package mlmodel

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"deps.dev/util/pypi"
)

// uvLock is what is read of a uv.lock, whose format uv's source defines
// (crates/uv-resolver/src/lock).
type uvLock struct {
	Version int         `toml:"version"`
	Package []uvPackage `toml:"package"`
}

type uvPackage struct {
	Name    string
	Version string
	Source  struct{ Registry, Virtual, Editable, Git, URL, Path, Directory string }
	Markers []string `toml:"resolution-markers"`
	Sdist   uvFile
	Wheels  []uvFile
	// Metadata is what the project asked for when it was locked.
	Metadata struct {
		Requires    []uvRequirement            `toml:"requires-dist"`
		RequiresDev map[string][]uvRequirement `toml:"requires-dev"`
	}
}

type uvFile struct{ Hash string }

type uvRequirement struct{ Name, Specifier string }

// root reports whether a package is the project itself.
func (p uvPackage) root() bool { return p.Source.Virtual == "." || p.Source.Editable == "." }

func (r *reader) readUVLock(file string) ([]ownPackage, error) {
	var lock uvLock
	f, err := r.readTOML(file, &lock)
	if err != nil {
		return nil, err
	}
	if lock.Version != 1 {
		return nil, f.fault(f.find("version"), fmt.Sprintf("version %d of uv.lock is not known, only 1", lock.Version))
	}
	lines := f.headers("[[package]]")
	readProject := sync.OnceValues(r.readProject)
	var out []ownPackage
	for i, k := range lock.Package {
		if k.root() {
			p, err := readProject()
			if err == nil && p != nil {
				err = p.fits(f, k)
			}
			if err != nil {
				return nil, err
			}
		}
		if k.Source.Registry == "" || k.Version == "" {
			// A requirement names it by its URL or path.
			continue
		}
		p := ownPackage{name: k.Name, version: k.Version, marker: anyOf(k.Markers), registry: k.Source.Registry, line: at(lines, i)}
		for _, file := range append(k.Wheels, k.Sdist) {
			if file.Hash != "" {
				p.hashes = append(p.hashes, file.Hash)
			}
		}
		out = append(out, p)
	}
	if err := checkOwnPackages(f, out); err != nil {
		return nil, err
	}
	project, err := readProject()
	if err != nil || project == nil {
		return out, err
	}
	var named []string
	for _, i := range project.Tool.UV.Index {
		if !i.Default {
			named = append(named, i.URL)
		}
	}
	if r.model.LockedIndexes, err = lockedIndexes(out, named); err != nil {
		return nil, project.file.fault(project.file.find("[[tool.uv.index]]"), err.Error())
	}
	return out, nil
}

// anyOf joins markers.
func anyOf(markers []string) string {
	if len(markers) < 2 {
		return strings.Join(markers, "")
	}
	return "(" + strings.Join(markers, ") or (") + ")"
}

// project is what is read of a pyproject.toml.
type project struct {
	file *tomlFile

	Project struct {
		Dependencies []string
		Optional     map[string][]string `toml:"optional-dependencies"`
	}
	Groups map[string][]any `toml:"dependency-groups"`
	Tool   struct {
		UV struct {
			Index []struct {
				URL     string
				Default bool
			}
			Sources map[string]any
			Dev     []string `toml:"dev-dependencies"`
		} `toml:"uv"`
	}
}

// readProject reads the model's pyproject.toml; nil if there is none.
func (r *reader) readProject() (*project, error) {
	if !r.exists(projectFile) {
		return nil, nil
	}
	var p project
	var err error
	p.file, err = r.readTOML(path.Join(r.dir, projectFile), &p)
	return &p, err
}

// requireProject adds what the model's pyproject.toml depends on.
func (r *reader) requireProject(p *requirementsParser) error {
	project, err := r.readProject()
	if err != nil {
		return err
	}
	p.out.Files = append(p.out.Files, project.file.name)
	lines := project.file.strings()
	for _, text := range project.Project.Dependencies {
		if err := p.parse(source{file: project.file.name}, []line{{max(1, lines[text]), text}}); err != nil {
			return err
		}
	}
	return nil
}

// requirements lists all that the project asks for, whoever of its extras and groups
// does.
func (p *project) requirements() []string {
	out := slices.Concat(p.Project.Dependencies, p.Tool.UV.Dev)
	for _, extra := range p.Project.Optional {
		out = append(out, extra...)
	}
	for _, group := range p.Groups {
		for _, item := range group {
			// Other items include a group.
			if text, ok := item.(string); ok {
				out = append(out, text)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// fits refuses a lock of another project than the pyproject.toml beside it
// describes. It compares names and versions, which people change; uv writes markers
// in words of its own.
func (p *project) fits(lock *tomlFile, root uvPackage) error {
	f := p.file
	sources := map[string]bool{}
	for name := range p.Tool.UV.Sources {
		sources[pypi.CanonPackageName(name)] = true
	}
	wants := root.wants(sources)
	type wanted struct{ name, specifier string }
	fits := map[wanted]bool{}
	for name, specifiers := range wants {
		for _, s := range specifiers {
			fits[wanted{name, s}] = true
		}
	}
	asked := map[string]bool{}
	for _, text := range p.requirements() {
		d, err := pypi.ParseDependency(text)
		if err != nil {
			return f.fault(f.find(text), fmt.Sprintf("%q is not a requirement", text))
		}
		name, specifier := pypi.CanonPackageName(d.Name), normalSpecifier(d.Constraint)
		if sources[name] {
			specifier = ""
		}
		asked[name] = true
		locked, there := wants[name]
		switch {
		case !there:
			return unfit(lock, f, f.find(text), fmt.Sprintf("uv.lock does not fit: it was made before %s was required", name))
		case !fits[wanted{name, specifier}]:
			return unfit(lock, f, f.find(text), fmt.Sprintf("uv.lock does not fit: it was made for %s%s, and this asks for %s", name, locked[0], text))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wants)) {
		if !asked[name] {
			number := lock.find(fmt.Sprintf("{ name = %q, specifier", name))
			if number == 1 {
				number = lock.find(fmt.Sprintf("{ name = %q", name))
			}
			return unfit(lock, lock, number, fmt.Sprintf("pyproject.toml does not fit: it does not require %s, for which this was locked", name))
		}
	}
	return nil
}

// unfit is a fault of a file that a lock does not fit. Without the lock, what the model
// requires is resolved anew.
func unfit(lock, f *tomlFile, number int, message string) *SourceError {
	e := f.fault(number, message)
	e.Hint = fmt.Sprintf("a line %s in .dockerignore builds without that lock, and resolves what the model requires anew", lock.name)
	return e
}

// wants returns the specifiers that the project asked for, by name.
func (p uvPackage) wants(sources map[string]bool) map[string][]string {
	out := map[string][]string{}
	add := func(requirements []uvRequirement) {
		for _, q := range requirements {
			name, specifier := pypi.CanonPackageName(q.Name), normalSpecifier(q.Specifier)
			if sources[name] {
				specifier = ""
			}
			out[name] = append(out[name], specifier)
		}
	}
	add(p.Metadata.Requires)
	for _, group := range slices.Sorted(maps.Keys(p.Metadata.RequiresDev)) {
		add(p.Metadata.RequiresDev[group])
	}
	return out
}

// normalSpecifier puts the clauses of a version specifier into one order and form.
func normalSpecifier(specifier string) string {
	var clauses []string
	for clause := range strings.SplitSeq(specifier, ",") {
		if clause = strings.Join(strings.Fields(clause), ""); clause != "" {
			clauses = append(clauses, clause)
		}
	}
	slices.Sort(clauses)
	return strings.Join(clauses, ",")
}
