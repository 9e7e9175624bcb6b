package mlmodel

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
)

// condaEnvironment is a parsed conda.yaml.
type condaEnvironment struct {
	doc *document
	// line is that of the dependencies.
	line int
	// foreign is the first channel that may have other packages than everybody knows
	// by their names, "" if there is none.
	foreign string
	// dependencies are conda's own, pip those of the pip section, build those of a
	// build_dependencies section, which only MLflow's python_env.yaml should have.
	dependencies []condaDependency
	pip, build   []*yaml.Node
	// unreadable are the lines that are not dependencies.
	unreadable []string
}

func (r *reader) readCondaFile(file string) (*condaEnvironment, error) {
	d, err := readDocument(r.fsys, file)
	if err != nil {
		return nil, err
	}
	env := &condaEnvironment{doc: d, line: 1, build: oneOrMore(get(d.top, "build_dependencies"))}
	for _, c := range oneOrMore(get(d.top, "channels")) {
		if env.foreign == "" && !everybodys(c.Value) {
			env.foreign = c.Value
		}
	}
	if n := get(d.top, "dependencies"); n != nil {
		env.line = n.Line
		for _, item := range oneOrMore(n) {
			env.add(item)
			if len(env.pip)+len(env.build) > MaxEntries {
				return nil, d.fault(item.Line, fmt.Sprintf("with its aliases expanded, the file has more than %d requirements", MaxEntries), "")
			}
		}
	}
	return env, nil
}

// add adds an item of the dependencies.
func (e *condaEnvironment) add(item *yaml.Node) {
	switch {
	case isNull(item):
	case item.Kind == yaml.MappingNode:
		// MLflow's python_env.yaml has the other key; people put both into one file.
		e.pip = append(e.pip, oneOrMore(get(item, "pip"))...)
		e.build = append(e.build, oneOrMore(get(item, "build_dependencies"))...)
	default:
		text := strings.TrimSpace(item.Value)
		if strings.HasPrefix(text, "-") {
			// An option of pip's, as python_env.yaml has them: people give MLflow that
			// file as the one of conda.
			e.pip = append(e.pip, item)
			return
		}
		d, ok := parseCondaDependency(text, item.Line)
		if !ok {
			e.unreadable = append(e.unreadable, fmt.Sprintf("%q", text))
			return
		}
		e.dependencies = append(e.dependencies, d)
	}
}

// oneOrMore returns the elements of a list, or a single value as one.
func oneOrMore(n *yaml.Node) []*yaml.Node {
	switch {
	case n == nil:
		return nil
	case n.Kind != yaml.SequenceNode:
		return []*yaml.Node{n}
	}
	items := make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		items[i] = follow(c)
	}
	return items
}

// readConda reads the Python version and the build packages from conda.yaml, and
// its pip section if pip is set. Its other dependencies become requirements, unless
// they are required already.
func (r *reader) readConda(p *requirementsParser, file string, pip bool) error {
	env, err := r.readCondaFile(file)
	if err != nil {
		return err
	}
	p.out.Files = append(p.out.Files, file)
	r.takeVariables(env)
	r.readPython(env.doc, env.doc.top, "python")
	build := newRequirementsParser(r.fsys, r.dir)
	for _, dep := range env.dependencies {
		switch dep.name {
		case "python":
			r.takePython(file, dep)
		case "pip", "setuptools", "wheel":
			if err := build.parse(source{file: file}, []line{{dep.line, dep.name + dep.specifier}}); err != nil {
				return err
			}
		}
	}
	if err := parseItems(build, env.doc, env.build); err != nil {
		return err
	}
	r.model.BuildRequirements = append(r.model.BuildRequirements, build.out.Requirements...)
	if pip {
		if err := parseItems(p, env.doc, env.pip); err != nil {
			return err
		}
	}
	_, err = r.translate(p, env)
	return err
}

// takePython takes the Python version that conda.yaml pins. If conda.yaml has
// only a range, MLmodel's own python_version stays.
func (r *reader) takePython(file string, dep condaDependency) {
	version := dep.exact()
	switch {
	case pythonVersion.MatchString(version):
		r.refinePython(version, file, dep.line)
	case r.model.Python == "":
		r.warn(file, dep.line, fmt.Sprintf("%q pins no Python version; set python under [environment] in the Deployfile", dep.text))
	}
}

// readUnusedConda takes from a conda.yaml beside python_env.yaml what only conda
// would install. A fault in it is only a warning.
func (r *reader) readUnusedConda(p *requirementsParser, name string) error {
	file := path.Join(r.dir, name)
	env, err := r.readCondaFile(file)
	if err == nil {
		r.takeVariables(env)
		var translated bool
		if translated, err = r.translate(p, env); translated || len(r.model.Variables) > 0 {
			p.out.Files = append(p.out.Files, file)
		}
		return err
	}
	w := Warning{File: file, Message: "the file is unused and invalid: " + err.Error()}
	var fault *SourceError
	if errors.As(err, &fault) {
		w.Line, w.Message = fault.Line, "the file is unused and invalid: "+fault.Message
	}
	r.warnings = append(r.warnings, w)
	return nil
}
