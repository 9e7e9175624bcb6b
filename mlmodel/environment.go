package mlmodel

import (
	"fmt"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"
)

// readEnvironment finds the model's requirements, in the order of MLflow's own
// virtualenv (mlflow.utils.virtualenv, MLflow 3): python_env.yaml; else
// requirements.txt, with the Python version from conda.yaml; else everything
// from conda.yaml; and else what pyproject.toml depends on, or what pylock.toml has.
func (r *reader) readEnvironment() error {
	conda, python, at, err := r.environmentFiles()
	if err != nil {
		return err
	}
	if err := r.refuseCredentials(); err != nil {
		return err
	}
	p := newRequirementsParser(r.fsys, r.dir)
	switch {
	case r.exists(python):
		err = r.readPythonEnv(p, path.Join(r.dir, python))
		if err == nil && r.exists(conda) {
			err = r.readUnusedConda(p, conda)
		}
	case r.exists(requirementsFile):
		if err = p.readTop(path.Join(r.dir, requirementsFile)); err == nil && r.exists(conda) {
			err = r.readConda(p, path.Join(r.dir, conda), false)
		}
	case r.exists(conda):
		err = r.readConda(p, path.Join(r.dir, conda), true)
	case r.exists(projectFile):
		err = r.requireProject(p)
	case r.hasPylock():
		err = r.requirePylock(p)
	default:
		r.warn(r.doc.file, at, fmt.Sprintf("the model has no %s, %s or %s: its image gets MLflow and nothing else; add its requirements under requirements in the Deployfile",
			requirementsFile, python, conda))
	}
	if err != nil {
		return err
	}
	if err := r.readOwnLock(p); err != nil {
		return err
	}
	if r.exists(uvLockFile) {
		if err := r.readPinnedPython(p); err != nil {
			return err
		}
	}
	r.readCode(p)
	m := &r.model
	if e := m.PythonErr; e != nil && m.Python != "" {
		r.warn(e.File, e.Line, fmt.Sprintf("%s; Python %s, of %s, serves the model", e.Message, m.Python, m.PythonFile))
		m.PythonErr = nil
	}
	m.Requirements, m.Constraints = p.out.Requirements, p.out.Constraints
	m.Refused = p.out.Refused
	m.IndexURL, m.ExtraIndexURLs, m.Options = p.out.IndexURL, p.out.ExtraIndexURLs, p.out.Options
	m.Files = append(m.Files, p.out.Files...)
	if len(p.foreign) > 0 {
		// MLflow reads requirements.txt, with what it includes, when it loads the model,
		// and fails if that is not UTF-8. It does without one.
		for _, name := range append(p.foreign, path.Join(r.dir, requirementsFile)) {
			m.LeftOut = append(m.LeftOut, relative(r.dir, name))
		}
		slices.Sort(m.LeftOut)
		m.LeftOut = slices.Compact(m.LeftOut)
	}
	r.warnings = append(r.warnings, p.warnings...)
	r.checkMLflow()
	return nil
}

// environmentFiles returns the files that python_function's env names, and the
// line of that key. Its value is the name of conda.yaml before MLflow 2, and a
// mapping of both since.
func (r *reader) environmentFiles() (conda, python string, line int, err error) {
	conda, python, line = condaFile, pythonFile, 1
	function := get(get(r.doc.top, "flavors"), pyfunc)
	env := get(function, "env")
	if env == nil {
		return conda, python, line, nil
	}
	line = env.Line
	switch env.Kind {
	case yaml.ScalarNode:
		err = r.nameFile(function, "env", &conda)
	case yaml.MappingNode:
		if err = r.nameFile(env, "conda", &conda); err == nil {
			err = r.nameFile(env, "virtualenv", &python)
		}
	default:
		err = r.doc.fault(env.Line, "env must be a file's name or a mapping of conda and virtualenv to file names", "")
	}
	return conda, python, line, err
}

// nameFile replaces a default file name by the value of a key.
func (r *reader) nameFile(mapping *yaml.Node, key string, to *string) error {
	name, err := r.inside(mapping, key)
	if name != "" {
		*to = name
	}
	return err
}

// readPythonEnv reads python_env.yaml.
func (r *reader) readPythonEnv(p *requirementsParser, file string) error {
	d, err := readDocument(r.fsys, file)
	if err != nil {
		return err
	}
	p.out.Files = append(p.out.Files, file)
	r.readPython(d, d.top, "python")
	build := newRequirementsParser(r.fsys, r.dir)
	if err := parseList(build, d, "build_dependencies"); err != nil {
		return err
	}
	r.model.BuildRequirements = build.out.Requirements
	if err := parseList(p, d, "dependencies"); err != nil {
		return err
	}
	if get(d.top, "dependencies") == nil && r.exists(requirementsFile) {
		r.warn(file, 1, fmt.Sprintf("the file has no dependencies, so %s is not installed, as in MLflow", requirementsFile))
	}
	return nil
}

// maxItems limits the lists of YAML with requirements, of which aliases make many: in
// bytes, of which an item counts for itemSize besides its text.
const (
	maxItems = 32 << 20
	itemSize = 64
)

// parseList parses a YAML list as the lines of a requirements file, so that
// items may be -r and -c options.
func parseList(p *requirementsParser, d *document, key string) error {
	items, err := d.list(d.top, key)
	if err != nil {
		return err
	}
	return parseItems(p, d, items)
}

func parseItems(p *requirementsParser, d *document, items []*yaml.Node) error {
	from := source{file: d.file}
	p.open = append(p.open, d.file)
	defer func() { p.open = p.open[:len(p.open)-1] }()
	for _, item := range items {
		if nested := get(item, "pip"); nested != nil && len(p.open) == 1 {
			// As in conda.yaml, from which people copy. An alias may lead back here.
			if err := parseItems(p, d, oneOrMore(nested)); err != nil {
				return err
			}
			continue
		}
		if item.Kind != yaml.ScalarNode {
			return d.fault(item.Line, "a requirement must be a string", "")
		}
		if p.items += len(item.Value) + itemSize; p.items > maxItems {
			return d.fault(item.Line, fmt.Sprintf("with its aliases expanded, the list of requirements has more than %d MiB", maxItems>>20), "")
		}
		lines := logicalLines([]byte(item.Value))
		for i := range lines {
			lines[i].number = max(1, min(item.Line, len(d.lines)))
		}
		if err := p.parse(from, lines); err != nil {
			return err
		}
	}
	return nil
}
