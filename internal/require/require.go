// Package require changes what a Deployfile requires: the lists requirements,
// override and without of [environment]. It knows what the model and the
// Deployfile's own files require.
package require

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/mlmodel"
)

// Editor edits the text of a Deployfile.
type Editor struct {
	// Parse decodes the text after each edit.
	Parse func(data []byte) (*deployfile.File, error)
	// Context is the build context, which has the wheels that requirements name.
	Context fs.FS
	// Model are the requirements of the model that can be installed, Refused its
	// other lines, Own those of the Deployfile's requirements files.
	Model, Own []mlmodel.Requirement
	Refused    []mlmodel.Refused
	// Locked reports whether the lock has a package; nil without a lock.
	Locked func(name string) bool

	edit *deployfile.Edit
	file *deployfile.File
}

const environment = "environment"

// Open starts with a text.
func (e *Editor) Open(source []byte) error {
	e.edit = deployfile.NewEdit(source)
	return e.parse()
}

// Bytes returns the edited text.
func (e *Editor) Bytes() []byte { return e.edit.Bytes() }

func (e *Editor) parse() (err error) {
	e.file, err = e.Parse(e.edit.Bytes())
	return err
}

// Add makes the Deployfile require r, written as text, in the place of what it
// required of the same name, and returns what that changed: "" for nothing.
func (e *Editor) Add(text string, r mlmodel.Requirement) (string, error) {
	if own, ok := named(e.Own, r.Name); ok {
		return "", fmt.Errorf("%s:%d requires %s already; change it there", own.File, own.Line, own.Text)
	}
	changed := ""
	if n := e.index(e.file.Environment.Without, r.Name); n >= 0 {
		e.edit.Remove(environment, "without", n)
		changed = fmt.Sprintf("%s is no longer in without", r.Name)
		if err := e.parse(); err != nil {
			return "", err
		}
	}
	more, err := e.place(text, r)
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(changed+"; "+more, "; "), e.parse()
}

// place writes the requirement into the list that it belongs to.
func (e *Editor) place(text string, r mlmodel.Requirement) (string, error) {
	anyVersion := r.Specifier == "" && r.URL == "" && r.VCS == "" && r.Path == "" && len(r.Extras) == 0
	for _, list := range []struct {
		key   string
		items []string
	}{{"override", e.file.Environment.Override}, {"requirements", e.file.Environment.Requirements}} {
		n := e.index(list.items, r.Name)
		switch {
		case r.Name == "" && slices.Contains(list.items, text), n >= 0 && list.items[n] == text:
			return fmt.Sprintf("%s has %s already", list.key, text), nil
		case n < 0:
			continue
		case anyVersion:
			return fmt.Sprintf("%s has %s already", list.key, list.items[n]), nil
		}
		was := list.items[n]
		e.edit.Replace(environment, list.key, n, text)
		return fmt.Sprintf("%s: %s in the place of %s", list.key, text, was), nil
	}
	where, required := e.required(r.Name)
	switch _, installable := named(e.Model, r.Name); {
	case !required || len(r.Extras) > 0 && r.Specifier == "":
		e.edit.Append(environment, "requirements", text)
		return "requirements: " + text, nil
	case anyVersion && !installable:
		return "", fmt.Errorf("%s cannot be installed as it is; say which version takes its place: %s==VERSION", where, r.Name)
	case anyVersion:
		return where + " is required already", nil
	}
	e.edit.Append(environment, "override", text)
	return fmt.Sprintf("override: %s in the place of %s", text, where), nil
}

// Remove makes the Deployfile install no package of that name, or leave out a line
// of the model without a name, and returns what that changed.
func (e *Editor) Remove(text string) (string, error) {
	name := ""
	if _, line := e.line(text); !line && deployfile.IsPackageName(text) {
		name = pypi.CanonPackageName(text)
	}
	if own, ok := named(e.Own, name); ok {
		return "", fmt.Errorf("%s:%d requires %s; take it out there", own.File, own.Line, own.Text)
	}
	var changes []string
	for _, key := range []string{"requirements", "override"} {
		for {
			items := e.file.Environment.Requirements
			if key == "override" {
				items = e.file.Environment.Override
			}
			n := e.index(items, name)
			if name == "" {
				n = slices.Index(items, text)
			}
			if n < 0 {
				break
			}
			changes = append(changes, fmt.Sprintf("%s: %s is removed", key, items[n]))
			e.edit.Remove(environment, key, n)
			if err := e.parse(); err != nil {
				return "", err
			}
		}
	}
	more, err := e.leaveOut(text, name, len(changes) > 0)
	if more != "" {
		changes = append(changes, more)
	}
	return strings.Join(changes, "; "), err
}

// leaveOut writes a name into without, if something else than the Deployfile
// requires it.
func (e *Editor) leaveOut(text, name string, removed bool) (string, error) {
	where, required := e.required(name)
	if name == "" {
		where, required = e.line(text)
	}
	switch {
	case slices.Contains(e.file.Environment.Without, text), e.index(e.file.Environment.Without, name) >= 0:
		return fmt.Sprintf("without has %s already", text), nil
	case !required && removed:
		return "", nil
	case !required && (name == "" || e.Locked == nil || !e.Locked(name)):
		return "", fmt.Errorf("nothing requires %s: neither the Deployfile, nor the model, nor the lock", text)
	case e.file.Server.Kind == "mlflow" && (name == "mlflow" || name == "mlflow-skinny"):
		return "", fmt.Errorf("%s serves the model; for another version: deployfile add %s==VERSION", name, name)
	}
	e.edit.Append(environment, "without", text)
	if where == "" {
		where = "what is locked"
	}
	return fmt.Sprintf("without: %s, which leaves out %s", text, where), e.parse()
}

// index returns the number of the item that is a requirement of a name, -1 if there
// is none.
func (e *Editor) index(items []string, name string) int {
	return slices.IndexFunc(items, func(item string) bool {
		if name == "" || NamesFile(e.Context, item) {
			return false
		}
		r, err := mlmodel.ParseRequirement(e.Context, item, 0)
		return err == nil && r.Name == name
	})
}

// NamesFile reports whether an item of [environment] requirements is a file of the
// context and not a requirement. A name alone is a file if there is one.
func NamesFile(context fs.FS, item string) bool {
	if !deployfile.IsRequirement(item) || !deployfile.IsPackageName(item) {
		return !deployfile.IsRequirement(item)
	}
	info, err := fs.Stat(context, item)
	return err == nil && info.Mode().IsRegular()
}

func named(of []mlmodel.Requirement, name string) (mlmodel.Requirement, bool) {
	for _, r := range of {
		if r.Name == name && name != "" {
			return r, true
		}
	}
	return mlmodel.Requirement{}, false
}

// required says where the model requires a name.
func (e *Editor) required(name string) (where string, ok bool) {
	if r, ok := named(e.Model, name); ok {
		return at(r.Text, r.File, r.Line), true
	}
	for _, r := range e.Refused {
		if r.Name == name && name != "" {
			return at(r.Text, r.Err.File, r.Err.Line), true
		}
	}
	return "", false
}

// line says where the model has a line without a name.
func (e *Editor) line(text string) (where string, ok bool) {
	same := func(other string) bool { return slices.Equal(strings.Fields(text), strings.Fields(other)) }
	for _, r := range e.Refused {
		if same(r.Text) {
			return at(r.Text, r.Err.File, r.Err.Line), true
		}
	}
	for _, r := range e.Model {
		if r.Name == "" && same(r.Text) {
			return at(r.Text, r.File, r.Line), true
		}
	}
	return "", false
}

func at(text, file string, line int) string {
	if file == "" {
		return text
	}
	return fmt.Sprintf("%s (%s:%d)", text, file, line)
}
