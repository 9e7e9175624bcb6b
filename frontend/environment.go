package frontend

import (
	"cmp"
	"fmt"
	"io/fs"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/require"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
)

// environment is the input of the resolver.
type environment struct {
	inputs  resolver.Inputs
	indexes []resolver.Index
	// implied are those of the Debian packages that only the model asks for.
	implied []mlmodel.SystemPackage
	// local are files of the context that requirements name.
	local []string
	// ownRequirements and ownConstraints are those of the Deployfile and its own
	// files.
	ownRequirements, ownConstraints []mlmodel.Requirement
	// all are the requirements after [environment] override and without.
	all []mlmodel.Requirement
	// limits are the constraints.
	limits []mlmodel.Requirement
	// hashes are those that requirements demand.
	hashes resolver.Hashes
	// unproven are the names of without that no requirement has.
	unproven []string
	// requirements, constraints and options are those of inputs, files those of
	// local, to list each once.
	requirements, constraints, options, files set
	// size and entries are those of the Deployfile's own files so far.
	size, entries int
}

// set is a set of texts.
type set map[string]bool

// add reports whether the text was not there.
func (s set) add(text string) bool {
	if s[text] {
		return false
	}
	s[text] = true
	return true
}

// DefaultBase is the repository of the base, and so of the toolchain image, that a Deployfile
// has which names none.
const DefaultBase = "python"

// newEnvironment puts together what the model and the Deployfile require.
func newEnvironment(f *deployfile.File, m *mlmodel.Model, context fs.FS, mirror string, warn func(mlmodel.Warning)) (*environment, error) {
	e := &environment{hashes: resolver.Hashes{Allowed: map[string][][]string{}, Pinned: map[string][]resolver.PinnedHashes{}}, requirements: set{}, constraints: set{}, options: set{}, files: set{}}
	e.inputs.Python = f.Environment.Python
	if e.inputs.Python == "" {
		e.inputs.Python = minor(m.Python)
		e.inputs.Because("python", "the model was logged with Python "+m.Python)
	}
	if e.inputs.Python == "" && m.PythonErr != nil {
		return nil, at(f, m.PythonErr, "model", "source")
	}
	e.inputs.Base = f.Environment.Base
	if e.inputs.Base == "" {
		if e.inputs.Python == "" {
			return nil, at(f, fmt.Errorf("the model does not say which Python it was logged with; set python in [environment]"), "environment")
		}
		e.inputs.Base = DefaultBase + ":" + e.inputs.Python + "-slim"
		e.inputs.Because("base", cmp.Or(e.inputs.Reasons["python"], fmt.Sprintf("python in [environment] is %q", e.inputs.Python)))
	}
	e.inputs.Toolchain = f.Environment.Toolchain
	e.addSystemPackages(f, m)
	e.inputs.BuildPackages = f.Environment.BuildPackages
	var wrong Mistakes
	x := newReplacements(f, context, wrong.add)
	if len(wrong) == 0 {
		// A wrong override may be for what is refused here.
		wrong.add(e.requireModel(x, m))
	}
	urls := append([]string{}, m.ExtraIndexURLs...)
	replaced := m.IndexURL
	for n, item := range f.Environment.Requirements {
		r, err := e.readItem(f, context, item, n+1, warn, "environment", "requirements", fmt.Sprint(n))
		if wrong.add(err); err != nil {
			continue
		}
		wrong.add(e.requireOwn(x, r.Requirements, r.Constraints))
		e.choose(r.Options)
		urls = append(urls, r.ExtraIndexURLs...)
		if r.IndexURL != "" {
			replaced = r.IndexURL
		}
	}
	for n, name := range f.Environment.Constraints {
		r, err := e.readRequirements(f, context, name, warn, "environment", "constraints", fmt.Sprint(n))
		if wrong.add(err); err == nil {
			wrong.add(e.requireOwn(x, nil, r.Requirements))
		}
	}
	if err := wrong.all(); err != nil {
		return nil, err
	}
	if err := e.replace(x); err != nil {
		return nil, err
	}
	if err := e.checkHashes(f); err != nil {
		return nil, err
	}
	e.server(f, m)
	e.addIndexes(f, m, urls, replaced)
	for _, line := range slices.Concat(e.inputs.Requirements, e.inputs.Constraints, e.inputs.Override, e.inputs.Options) {
		// They become lines of a file that uv parses.
		if strings.ContainsFunc(line, unicode.IsControl) {
			return nil, at(f, fmt.Errorf("requirement %q holds a control character", line), "model", "source")
		}
		if strings.Contains(line, "${") {
			// uv would expand the environment variable of that name, and send its value.
			return nil, at(f, fmt.Errorf("requirement %q takes a part of it from the environment, which is not the model's to read; write it out", line), "model", "source")
		}
	}
	return e, e.addMirror(mirror)
}

// readItem reads an item of [environment] requirements: a file, or a requirement.
func (e *environment) readItem(f *deployfile.File, context fs.FS, item string, number int, warn func(mlmodel.Warning), key ...string) (*mlmodel.RequirementsFile, error) {
	if require.NamesFile(context, item) {
		return e.readRequirements(f, context, item, warn, key...)
	}
	r, err := mlmodel.ParseRequirement(context, item, number)
	return &mlmodel.RequirementsFile{Requirements: []mlmodel.Requirement{r}}, at(f, err, key...)
}

// addSystemPackages adds the Debian packages that the Deployfile names, and those that
// the model implies.
func (e *environment) addSystemPackages(f *deployfile.File, m *mlmodel.Model) {
	e.inputs.SystemPackages = slices.Clone(f.Environment.SystemPackages)
	if !f.Environment.ImpliedPackages {
		return
	}
	e.implied = m.ImpliedPackages(f.Environment.SystemPackages)
	for _, p := range e.implied {
		e.inputs.SystemPackages = append(e.inputs.SystemPackages, p.Name)
		e.inputs.Because("system package "+p.Name, p.Reason)
	}
}

func (e *environment) readRequirements(f *deployfile.File, context fs.FS, name string, warn func(mlmodel.Warning), key ...string) (*mlmodel.RequirementsFile, error) {
	if e.tooMuch() {
		return &mlmodel.RequirementsFile{}, nil // the file before this one says so
	}
	r, warnings, err := mlmodel.ParseRequirements(context, name)
	if err != nil {
		return nil, at(f, err, key...)
	}
	if e.size, e.entries = e.size+r.Size, e.entries+r.Entries; e.tooMuch() {
		return nil, at(f, fmt.Errorf("%s: with the files before it, there are more than %d MiB or %d requirements and options: take some out",
			name, mlmodel.MaxRequirements>>20, mlmodel.MaxEntries), key...)
	}
	for _, w := range warnings {
		warn(w)
	}
	return r, nil
}

// tooMuch reports whether the files so far are more than is read.
func (e *environment) tooMuch() bool {
	return e.size > mlmodel.MaxRequirements || e.entries > mlmodel.MaxEntries
}

// choose adds the options of requirements files that select among the files of an
// index, as arguments of uv pip compile.
func (e *environment) choose(o mlmodel.Options) {
	add := func(words ...string) {
		if text := strings.Join(words, " "); e.options.add(text) {
			e.inputs.Options = append(e.inputs.Options, text)
		}
	}
	for _, link := range o.FindLinks {
		if !strings.Contains(link, "://") {
			e.take(link)
			link = "./" + link
		}
		add("--find-links", link)
	}
	if o.NoIndex {
		add("--no-index")
	}
	if o.RequireHashes {
		add(resolver.OptionRequireHashes)
		e.hashes.All = true
	}
	if o.Prerelease {
		add("--prerelease", "allow")
	}
	for _, name := range o.NoBinary {
		add("--no-binary", name)
	}
	for _, name := range o.OnlyBinary {
		add("--only-binary", name)
	}
}

// require adds requirements.
func (e *environment) require(from ...mlmodel.Requirement) {
	e.all = append(e.all, from...)
	e.lines(from, &e.inputs.Requirements, e.requirements)
}

func (e *environment) constrain(from ...mlmodel.Requirement) {
	e.limits = append(e.limits, from...)
	e.lines(from, &e.inputs.Constraints, e.constraints)
}

// take adds a file or directory of the context.
func (e *environment) take(name string) {
	if e.files.add(name) {
		e.local = append(e.local, name)
	}
}

func (e *environment) lines(from []mlmodel.Requirement, to *[]string, listed set) {
	for _, r := range from {
		text := e.line(r)
		e.demand(r)
		if listed.add(text) {
			*to = append(*to, text)
		}
	}
}

// line returns a requirement as uv reads it.
func (e *environment) line(r mlmodel.Requirement) string {
	text := r.Text
	if r.VCS != "" {
		// uv wants the name in front, pip takes it from #egg=.
		text = r.VCS + marker(r)
		if r.Name != "" {
			text = r.Name + extras(r) + " @ " + text
		}
	}
	if r.Path != "" {
		text = localPath(r.Path) + extras(r) + marker(r)
		e.take(r.Path)
	}
	if len(r.Hashes) > 0 {
		text += " --hash=" + strings.Join(r.Hashes, " --hash=")
	}
	return text
}

// beyondPath matches what uv takes for the end of a path (marker, comment, option,
// extras), or expands.
var beyondPath = regexp.MustCompile(`[;$%\[\]]|\s-`)

// localPath returns a path as a requirement: as it is, or as a file: URL, which has an
// escape for every character.
func localPath(name string) string {
	if !beyondPath.MatchString(name) {
		return "./" + name
	}
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(p), "$", "%24")
	}
	return "file:./" + strings.Join(parts, "/")
}

func extras(r mlmodel.Requirement) string {
	if len(r.Extras) == 0 {
		return ""
	}
	return "[" + strings.Join(r.Extras, ",") + "]"
}

func marker(r mlmodel.Requirement) string {
	if r.Marker == "" {
		return ""
	}
	return " ; " + r.Marker
}

// minor returns the first two parts of a Python version.
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return ""
	}
	return parts[0] + "." + parts[1]
}
