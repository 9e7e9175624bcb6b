package frontend

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/resolver"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
)

// locate says which key of the Deployfile, or which lines of the requirements
// files, an answer from outside is about.
func (i *Inspection) locate(err error) error {
	if err == nil {
		return nil
	}
	var python *resolver.NoPythonError
	var wheel *resolver.NoWheelError
	var requirement *resolver.RequirementError
	var step *resolver.StepError
	var library *resolver.MissingLibraryError
	var image *ImageError
	var unused *resolver.UnusedNameError
	if errors.As(err, &step) {
		if refusal := i.locateRefusal(step); refusal != nil {
			return refusal
		}
		if hint := i.stepHint(step); hint != "" {
			err = &hinted{err, hint}
		}
		for n, x := range i.File.Environment.Indexes {
			url := strings.TrimSuffix(x.URL, "/")
			if strings.Contains(step.Message, url+"/") || strings.Contains(step.Message, "("+url+")") {
				return at(i.File, err, "environment", "indexes", fmt.Sprint(n), "url")
			}
		}
	}
	if names := refused(err); len(names) > 0 {
		err = i.withHint(err, names)
		others, items := i.lines(names), i.items(names)
		if len(others)+len(items) > 0 {
			return &located{err: err, ranges: items, others: others}
		}
	}
	switch {
	case errors.As(err, &unused):
		for n, item := range i.File.Environment.Without {
			if pypi.CanonPackageName(item) == unused.Name {
				return at(i.File, err, "environment", "without", fmt.Sprint(n))
			}
		}
	case errors.As(err, &python):
		return i.locatePython(err)
	case step != nil && strings.HasPrefix(step.Step, "resolve system"):
		return i.locatePackage(err, step.Message)
	case step != nil && strings.HasPrefix(step.Step, "resolve build packages"):
		return at(i.File, err, packageKey(unknownPackage(step.Message), "build-packages", i.File.Environment.BuildPackages)...)
	case errors.As(err, &library):
		return at(i.File, err, "environment", "system-packages")
	case step != nil && (step.Kind == "verify" || step.Kind == modelsource.FetchFailed):
		return at(i.File, err, "model", "source")
	case step != nil && slices.Contains([]string{"unsatisfiable", "index", "install"}, step.Kind), errors.As(err, &wheel), errors.As(err, &requirement):
		return at(i.File, err, "environment")
	case errors.As(err, &image):
		if hint := i.imageHint(image); hint != "" {
			err = &hinted{err, hint}
		}
		return at(i.File, err, "environment", image.Name)
	}
	return err
}

// checkPython refuses a model that was logged with a Python which no image is made with,
// unless the Deployfile says which takes its place.
func (i *Inspection) checkPython() error {
	m := i.Model
	if i.File.Environment.Python != "" || m.Python == "" || deployfile.IsPython(minor(m.Python)) {
		return nil
	}
	err := &mlmodel.SourceError{
		File: m.PythonFile, Line: m.PythonLine, Message: fmt.Sprintf("the model was logged with Python %s, and images are made with 3.9 or later", m.Python),
		Hint: `if the model can be loaded with another, python = "3.N" in [environment] of the Deployfile takes its place`,
	}
	source := i.source(m.PythonFile, []int{m.PythonLine})
	if source == nil {
		return at(i.File, err, "model", "source")
	}
	if lines := strings.Split(string(source.Info.Data), "\n"); m.PythonLine <= len(lines) {
		err.Text = strings.TrimSpace(lines[m.PythonLine-1])
	}
	return &located{err: err, others: []*errdefs.Source{source}}
}

// locatePython says what asks for a version of Python: the Deployfile, or else a file
// of the model.
func (i *Inspection) locatePython(err error) error {
	m := i.Model
	if i.File.Environment.Python != "" || m.PythonLine == 0 {
		return at(i.File, err, "environment", "python")
	}
	source := i.source(m.PythonFile, []int{m.PythonLine})
	if source == nil {
		return at(i.File, err, "environment", "base")
	}
	return &located{err: fmt.Errorf("%w; the model was logged with Python %s, and python = \"3.N\" in [environment] takes the place of that", err, m.Python), others: []*errdefs.Source{source}}
}

// source has lines of a file, nil if it cannot be read.
func (i *Inspection) source(name string, lines []int) *errdefs.Source {
	data, err := untrusted.ReadFile(i.files, name, mlmodel.MaxRequirements)
	if err != nil {
		return nil
	}
	s := &errdefs.Source{Info: &pb.SourceInfo{Filename: name, Data: withoutComments(mlmodel.Text(data))}}
	all := strings.Split(string(s.Info.Data), "\n")
	for _, line := range lines {
		text := ""
		if line <= len(all) {
			text = all[line-1]
		}
		s.Ranges = append(s.Ranges, lineRange(line, text))
	}
	return s
}

// refused returns the normalised names of the requirements that an error is about,
// which may be the errors of several platforms.
func refused(err error) []string {
	switch x := err.(type) {
	case *resolver.NoWheelError:
		return []string{x.Name}
	case *resolver.MissingLibraryError:
		return []string{x.Wheel}
	case *resolver.RequirementError:
		return []string{x.Name}
	case *resolver.StepError:
		return x.Unsatisfiable()
	case interface{ Unwrap() []error }:
		var out []string
		for _, e := range x.Unwrap() {
			out = append(out, refused(e)...)
		}
		return out
	case interface{ Unwrap() error }:
		return refused(x.Unwrap())
	}
	return nil
}

// items returns the items of the Deployfile's requirements and overrides with these
// names.
func (i *Inspection) items(names []string) []deployfile.Range {
	var out []deployfile.Range
	for _, r := range i.env.ownRequirements {
		if r.File == "" && slices.Contains(names, r.Name) {
			at, _ := i.File.Position("environment", "requirements", fmt.Sprint(r.Line-1))
			out = append(out, at)
		}
	}
	for n, item := range i.File.Environment.Override {
		if slices.Contains(names, pypi.CanonPackageName(nameOf(item))) {
			at, _ := i.File.Position("environment", "override", fmt.Sprint(n))
			out = append(out, at)
		}
	}
	return out
}

// lines returns the lines of requirements and constraints files with these names, a
// source for each file, in the order of the files' names.
func (i *Inspection) lines(names []string) []*errdefs.Source {
	all := slices.Concat(i.Model.Requirements, i.env.ownRequirements, i.Model.Constraints, i.env.ownConstraints)
	all = slices.DeleteFunc(all, func(r mlmodel.Requirement) bool {
		if r.Name == "" {
			place, _, _ := strings.Cut(r.VCS, "#")
			return r.File == "" || place == "" || !slices.Contains(names, place)
		}
		return r.Line == 0 || r.File == "" || !slices.Contains(names, r.Name)
	})
	lines := map[string][]int{}
	for _, r := range all {
		lines[r.File] = append(lines[r.File], r.Line)
	}
	var out []*errdefs.Source
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		if s := i.source(name, lines[name]); s != nil {
			out = append(out, s)
		}
	}
	return out
}

var comment = regexp.MustCompile(`(?m)(^|\s)#.*$`)

// withoutComments keeps for itself what is drawn around a line and was never
// looked at: a credential that was commented out, say.
func withoutComments(data []byte) []byte { return comment.ReplaceAll(data, []byte("$1#")) }
