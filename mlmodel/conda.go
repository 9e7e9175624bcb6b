package mlmodel

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"deps.dev/util/pypi"
	"go.yaml.in/yaml/v3"
)

// condaSpec matches conda's match specification as environment files use it:
// channel::name, then version and build after = or a space.
var condaSpec = regexp.MustCompile(`^(?:[^\s:]+::)?([A-Za-z0-9_][A-Za-z0-9._-]*)\s*(\[.*\]|[=<>!~ ].*|\d.*|)$`)

// condaDependency is one conda dependency, as opposed to one of the pip
// section.
type condaDependency struct {
	text, name, spec string
	line             int
}

// condaEnvironment is a parsed conda.yaml.
type condaEnvironment struct {
	doc          *document
	dependencies []condaDependency
	pip          []*yaml.Node
}

func (r *reader) readCondaFile(file string) (*condaEnvironment, error) {
	d, err := readDocument(r.fsys, file)
	if err != nil {
		return nil, err
	}
	items, err := d.list(d.top, "dependencies")
	if err != nil {
		return nil, err
	}
	env := &condaEnvironment{doc: d}
	for _, item := range items {
		switch item.Kind {
		case yaml.ScalarNode:
			text := strings.TrimSpace(item.Value)
			m := condaSpec.FindStringSubmatch(text)
			if m == nil {
				return nil, d.fault(item.Line, "this is not a conda dependency", "write it as name=version")
			}
			env.dependencies = append(env.dependencies, condaDependency{
				text: text, name: strings.ToLower(m[1]), spec: strings.TrimSpace(m[2]), line: item.Line,
			})
		case yaml.MappingNode:
			pip, err := d.list(item, "pip")
			if err != nil {
				return nil, err
			}
			if !hasKey(item, "pip") {
				return nil, d.fault(item.Line, "a dependency must be a string, or pip: with a list", "")
			}
			env.pip = append(env.pip, pip...)
		default:
			return nil, d.fault(item.Line, "a dependency must be a string, or pip: with a list", "")
		}
	}
	return env, nil
}

func hasKey(mapping *yaml.Node, key string) bool {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return true
		}
	}
	return false
}

// readConda reads the Python version and the build packages from conda.yaml,
// and its requirements if pip is set.
func (r *reader) readConda(p *requirementsParser, file string, pip bool) error {
	env, err := r.readCondaFile(file)
	if err != nil {
		return err
	}
	p.out.Files = append(p.out.Files, file)
	for _, dep := range env.dependencies {
		switch dep.name {
		case "python":
			r.takePython(file, dep)
		case "pip", "setuptools", "wheel":
			b := newRequirementsParser(r.fsys, r.dir)
			if err := b.parseLine(source{file: file}, line{dep.line, dep.pip()}); err != nil {
				return err
			}
			r.model.BuildRequirements = append(r.model.BuildRequirements, b.out.Requirements...)
		}
	}
	if pip {
		if err := parseItems(p, env.doc, env.pip); err != nil {
			return err
		}
		if err := r.takeMLflow(p, env); err != nil {
			return err
		}
	}
	r.warnOfDependencies(p, env)
	return nil
}

// exact returns the version that a dependency pins, "" if it does not pin one.
func (c condaDependency) exact() string {
	version := strings.TrimSpace(strings.TrimLeft(c.spec, "= "))
	version, _, _ = strings.Cut(version, "=")
	version, _, _ = strings.Cut(version, " ")
	version = strings.TrimSuffix(version, ".*")
	if version == "" || strings.ContainsAny(version, "<>!~*,|[") {
		return ""
	}
	return version
}

// pip returns a dependency as a PEP 508 requirement, without a version if
// conda's specifier has no PEP 440 counterpart.
func (c condaDependency) pip() string {
	if version := c.exact(); version != "" && checkSpecifier("=="+version) == nil {
		return c.name + "==" + version
	}
	if strings.ContainsAny(c.spec, "<>!~") && checkSpecifier(c.spec) == nil {
		return c.name + c.spec
	}
	return c.name
}

// takePython takes the Python version that conda.yaml pins. If conda.yaml has
// only a range, MLmodel's own python_version stays.
func (r *reader) takePython(file string, dep condaDependency) {
	version := dep.exact()
	switch {
	case pythonVersion.MatchString(version):
		r.refinePython(version)
	case r.model.Python == "":
		r.warn(file, dep.line, fmt.Sprintf("%q pins no Python version; set python under [environment] in the Deployfile", dep.text))
	}
}

// takeMLflow turns a conda dependency on MLflow into a requirement: a model
// cannot be served without it, and it has the same name and versions on PyPI.
func (r *reader) takeMLflow(p *requirementsParser, env *condaEnvironment) error {
	if _, ok := FindMLflow(p.out.Requirements); ok {
		return nil
	}
	for _, dep := range env.dependencies {
		if dep.name != "mlflow" && dep.name != "mlflow-skinny" {
			continue
		}
		text := dep.pip()
		if err := p.parseLine(source{file: env.doc.file}, line{dep.line, text}); err != nil {
			return err
		}
		r.warn(env.doc.file, dep.line, fmt.Sprintf("%q is a conda dependency; %s is installed from PyPI in its place", dep.text, text))
		return nil
	}
	return nil
}

// warnOfConda warns about conda-only dependencies of a conda.yaml that is not
// otherwise used. A fault in such a file is only a warning.
func (r *reader) warnOfConda(p *requirementsParser, file string) {
	env, err := r.readCondaFile(file)
	if err != nil {
		w := Warning{File: file, Message: "the file is unused and invalid: " + err.Error()}
		var fault *SourceError
		if errors.As(err, &fault) {
			w.Line, w.Message = fault.Line, "the file is unused and invalid: "+fault.Message
		}
		r.warnings = append(r.warnings, w)
		return
	}
	r.warnOfDependencies(p, env)
}

// warnOfDependencies warns about dependencies that only conda could install.
func (r *reader) warnOfDependencies(p *requirementsParser, env *condaEnvironment) {
	installed := map[string]bool{"python": true, "pip": true, "setuptools": true, "wheel": true}
	for _, q := range p.out.Requirements {
		installed[q.Name] = true
	}
	for _, dep := range env.dependencies {
		if !installed[pypi.CanonPackageName(dep.name)] {
			r.warn(env.doc.file, dep.line, fmt.Sprintf(
				"the conda dependency %q is not installed; if the model needs it, name it under requirements or system-packages in the Deployfile", dep.text))
		}
	}
}
