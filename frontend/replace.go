package frontend

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"deps.dev/util/pypi"
	"deps.dev/util/semver"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
)

// replacements are [environment] override and without: what the Deployfile changes
// of the requirements of others.
type replacements struct {
	file *deployfile.File
	// override has the requirement of each name, whose Line is its number.
	override map[string]mlmodel.Requirement
	names    []string
	// without has the number, from 0, of each name that is left out, lines that of
	// each line without a name. used has the items that leave something out, true if
	// by name.
	without, lines map[string]int
	used           map[int]bool
}

// newReplacements calls wrong with what is wrong with an override.
func newReplacements(f *deployfile.File, context fs.FS, wrong func(error)) *replacements {
	x := &replacements{file: f, override: map[string]mlmodel.Requirement{}, without: map[string]int{}, lines: map[string]int{}, used: map[int]bool{}}
	for n, item := range f.Environment.Without {
		if deployfile.IsPackageName(item) {
			x.without[pypi.CanonPackageName(item)] = n
		}
		// The name of a file may look like that of a package.
		x.lines[oneSpace(item)] = n
	}
	for n, item := range f.Environment.Override {
		r, err := mlmodel.ParseRequirement(context, item, n+1)
		if err == nil && r.Name == "" {
			err = fmt.Errorf("override %q does not tell the name of the package; write name @ …", item)
		}
		_, twice := x.override[r.Name]
		_, out := x.without[r.Name]
		switch {
		case err != nil:
		case twice:
			err = fmt.Errorf("override has %s twice; remove one", r.Name)
		case out:
			err = fmt.Errorf("override replaces %s, and without leaves it out; remove one", r.Name)
		}
		if err != nil {
			wrong(x.atOverride(n, err))
			continue
		}
		x.override[r.Name] = r
		x.names = append(x.names, r.Name)
	}
	return x
}

func (x *replacements) atOverride(n int, err error) error {
	return at(x.file, err, "environment", "override", fmt.Sprint(n))
}

func oneSpace(text string) string { return strings.Join(strings.Fields(text), " ") }

// leavesOut reports whether a line is left out.
func (x *replacements) leavesOut(name, text string) bool {
	if n, ok := x.without[name]; ok && name != "" {
		x.used[n] = true
		return true
	}
	n, ok := x.lines[oneSpace(text)]
	if _, used := x.used[n]; ok && !used {
		x.used[n] = false
	}
	return ok
}

// requireModel adds what the model requires, with what the Deployfile puts in its
// place.
func (e *environment) requireModel(x *replacements, m *mlmodel.Model) error {
	var refused []mlmodel.Refused
	for _, r := range m.Refused {
		o, overridden := x.override[r.Name]
		switch {
		case x.leavesOut(r.Name, r.Text):
		case overridden && r.Name != "":
			e.require(o)
		default:
			refused = append(refused, r)
		}
	}
	if len(refused) > 0 {
		return at(x.file, mlmodel.RefusedError(refused), "model", "source")
	}
	for _, r := range m.Requirements {
		if x.leavesOut(r.Name, r.Text) {
			continue
		}
		e.require(x.replaced(r))
	}
	options := m.Options
	options.RequireHashes = options.RequireHashes && !x.leavesOut("", resolver.OptionRequireHashes)
	e.choose(options)
	for _, r := range m.Constraints {
		if _, overridden := x.override[r.Name]; !overridden && !x.leavesOut(r.Name, r.Text) {
			e.constrain(r)
		}
	}
	return nil
}

// replaced returns the requirement to install in the place of another: uv looks at
// the address of a direct requirement before it looks at the overrides.
func (x *replacements) replaced(r mlmodel.Requirement) mlmodel.Requirement {
	o, ok := x.override[r.Name]
	if !ok || r.Name == "" {
		return r
	}
	if len(o.Extras) == 0 && len(r.Extras) > 0 {
		o.Extras = r.Extras
		if o.Path == "" && o.VCS == "" {
			o.Text = r.Name + extras(r) + strings.TrimPrefix(o.Text, nameOf(o.Text))
		}
	}
	return o
}

// nameOf returns the name at the start of a requirement, as it is written.
func nameOf(text string) string {
	end := strings.IndexAny(text+" ", " \t[(=<>!~;@")
	return text[:end]
}

// requireOwn adds what the Deployfile itself asks for. It cannot mean to override
// that, or to leave it out.
func (e *environment) requireOwn(x *replacements, requirements, constraints []mlmodel.Requirement) error {
	e.ownRequirements = append(e.ownRequirements, requirements...)
	e.ownConstraints = append(e.ownConstraints, constraints...)
	for _, r := range requirements {
		if x.leavesOut(r.Name, r.Text) {
			n, ok := x.without[r.Name]
			if !ok {
				n = x.lines[oneSpace(r.Text)]
			}
			return at(x.file, fmt.Errorf("without leaves out %s, which the Deployfile requires itself (%s); remove one", r.Text, place(r)),
				"environment", "without", fmt.Sprint(n))
		}
		if err := x.contradicted(r); err != nil {
			return err
		}
		e.require(x.replaced(r))
	}
	for _, r := range constraints {
		if err := x.contradicted(r); err != nil {
			return err
		}
		if _, overridden := x.override[r.Name]; !overridden {
			e.constrain(r)
		}
	}
	return nil
}

// contradicted returns an error if an override has no version in common with a
// requirement or constraint.
func (x *replacements) contradicted(r mlmodel.Requirement) error {
	o, ok := x.override[r.Name]
	if !ok || r.Name == "" || !disjoint(r.Specifier, o.Specifier) {
		return nil
	}
	return x.atOverride(o.Line-1, fmt.Errorf("override %q contradicts %q, which the Deployfile asks for itself (%s); change one", o.Text, r.Text, place(r)))
}

// place says where a requirement of the Deployfile is written.
func place(r mlmodel.Requirement) string {
	if r.File == "" {
		return fmt.Sprintf("item %d of requirements", r.Line)
	}
	return fmt.Sprintf("%s:%d", r.File, r.Line)
}

// disjoint reports whether no version fits two specifiers; false if that is not
// known.
func disjoint(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	one, err := semver.PyPI.ParseConstraint(public(a))
	two, err2 := semver.PyPI.ParseConstraint(public(b))
	if errors.Join(err, err2) != nil {
		return false
	}
	if v, err := semver.PyPI.Parse(strings.TrimPrefix(public(b), "==")); err == nil {
		return !one.MatchVersionPrerelease(v)
	}
	both := one.Set()
	return both.Intersect(two.Set()) == nil && both.Empty()
}

// public returns a specifier without a local version, which fits what asks for its
// public one (PEP 440).
func public(specifier string) string {
	specifier, _, _ = strings.Cut(strings.TrimSuffix(strings.TrimSpace(specifier), ","), "+")
	return specifier
}

// replace records the replacements for the requirements of others' requirements.
func (e *environment) replace(x *replacements) error {
	for _, name := range x.names {
		o := x.override[name]
		e.demand(o)
		e.inputs.Override = append(e.inputs.Override, e.line(o))
	}
	for n, item := range x.file.Environment.Without {
		key := []string{"environment", "without", fmt.Sprint(n)}
		byName, used := x.used[n]
		if used && !byName {
			continue
		}
		if !deployfile.IsPackageName(item) {
			if !used {
				return at(x.file, fmt.Errorf("without has %q, which is neither a package's name nor a line of the model's requirements", item), key...)
			}
			continue
		}
		name := pypi.CanonPackageName(item)
		if x.file.Server.Kind == "mlflow" && (name == "mlflow" || name == "mlflow-skinny") {
			return at(x.file, fmt.Errorf("without leaves out %s, which serves the model; for another version write override = [\"%s==…\"], and for a server of your own set kind in [server]", name, name), key...)
		}
		e.inputs.Without = append(e.inputs.Without, name)
		if !used {
			e.unproven = append(e.unproven, name)
		}
	}
	return nil
}
