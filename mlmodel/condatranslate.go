package mlmodel

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/listing"
)

// translation is what becomes of conda dependencies, for one warning.
type translation struct {
	// pip and debian are pairs of what is written and what is installed, same the
	// dependencies that pip installs as they are written.
	pip, same, debian []string
	// left are the dependencies that nothing is installed for, by reason.
	left    map[string][]string
	reasons []string
}

func (t *translation) leave(text, reason string) {
	if t.left == nil {
		t.left = map[string][]string{}
	}
	if _, there := t.left[reason]; !there {
		t.reasons = append(t.reasons, reason)
	}
	t.left[reason] = append(t.left[reason], text)
}

// translate adds what stands for conda's own dependencies: requirements, unless the
// model has one for the same package, and Debian packages. A warning lists all of it.
// It reports whether it added anything.
func (r *reader) translate(p *requirementsParser, env *condaEnvironment) (bool, error) {
	names, required := newCondaNames(), map[string]bool{}
	for _, q := range p.out.Requirements {
		required[q.Name] = true
	}
	var t translation
	for _, dep := range env.dependencies {
		if slices.Contains([]string{"python", "pip", "setuptools", "wheel"}, dep.name) {
			continue
		}
		found, known := names.find(dep.name)
		// A requirement without a name is none of what has no distribution.
		if slices.ContainsFunc(append(slices.Clone(found.others), found.pip), func(name string) bool { return name != "" && required[name] }) {
			continue
		}
		switch foreign := env.foreignChannel(dep); {
		case !known && foreign != "":
			t.leave(dep.text, fmt.Sprintf("unknown, and the channel %s may mean another package by it", foreign))
		case found.reason != "":
			t.leave(dep.text, found.reason)
		case found.debian != "":
			t.debian = append(t.debian, dep.text+" as "+found.debian)
			r.model.addSystemPackage(found.systemPackage(dep, env.doc.file))
		default:
			required[found.pip] = true
			text := found.requirement(dep)
			if err := p.parse(source{file: env.doc.file}, []line{{dep.line, text}}); err != nil {
				return false, err
			}
			t.install(dep, text)
		}
	}
	for _, text := range env.unreadable {
		t.leave(text, "no dependency that conda would read")
	}
	if message := t.String(); message != "" {
		r.warn(env.doc.file, env.line, message)
	}
	return len(t.pip)+len(t.same)+len(t.debian) > 0, nil
}

// requirement returns the requirement for a dependency.
func (c condaPackage) requirement(dep condaDependency) string {
	specifier := dep.specifier
	if version, exact := strings.CutPrefix(specifier, "=="); exact && c.longer && releaseOnly.MatchString(version) {
		specifier += ".*"
	}
	return c.pip + specifier
}

// systemPackage returns the Debian package for a dependency of a file.
func (c condaPackage) systemPackage(dep condaDependency, file string) SystemPackage {
	p := SystemPackage{Name: c.debian, Reason: fmt.Sprintf("%s has the conda dependency %s", file, dep.text), File: file, Line: dep.line}
	for _, n := range needs() {
		if slices.Contains(n.packages, p.Name) {
			p.Env = n.env
		}
	}
	return p
}

func (t *translation) install(dep condaDependency, text string) {
	switch {
	case dep.loose:
		t.pip = append(t.pip, dep.text+" as "+text+", which leaves out a part of its version")
	case text == dep.text:
		t.same = append(t.same, text)
	default:
		t.pip = append(t.pip, dep.text+" as "+text)
	}
}

// foreignChannel returns the channel by which a dependency may be another package
// than the one that everybody knows by its name; "" if there is none.
func (e *condaEnvironment) foreignChannel(dep condaDependency) string {
	switch {
	case dep.channel == "":
		return e.foreign
	case everybodys(dep.channel):
		return ""
	}
	return dep.channel
}

// String lists the translation; "" if there is nothing to say.
func (t *translation) String() string {
	var parts []string
	if pip := append(slices.Clone(t.pip), t.same...); len(pip) > 0 {
		parts = append(parts, "pip installs "+listing.First(pip))
	}
	if len(t.debian) > 0 {
		parts = append(parts, "apt installs "+listing.First(t.debian))
	}
	for _, reason := range t.reasons {
		parts = append(parts, fmt.Sprintf("left out: %s (%s)", listing.First(t.left[reason]), reason))
	}
	if len(parts) == 0 {
		return ""
	}
	return "of the conda dependencies, " + strings.Join(parts, "; ") +
		". What else the model needs goes under requirements or system-packages in the Deployfile"
}
