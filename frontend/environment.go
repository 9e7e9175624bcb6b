package frontend

import (
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
)

// environment is what is to be resolved.
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

// add says whether the text was not there.
func (s set) add(text string) bool {
	if s[text] {
		return false
	}
	s[text] = true
	return true
}

// newEnvironment puts together what the model and the Deployfile require.
func newEnvironment(f *deployfile.File, m *mlmodel.Model, context fs.FS, mirror string, warn func(mlmodel.Warning)) (*environment, error) {
	e := &environment{hashes: resolver.Hashes{Allowed: map[string][][]string{}}, requirements: set{}, constraints: set{}, options: set{}, files: set{}}
	e.inputs.Python = f.Environment.Python
	if e.inputs.Python == "" {
		e.inputs.Python = minor(m.Python)
	}
	e.inputs.Base = f.Environment.Base
	if e.inputs.Base == "" {
		if e.inputs.Python == "" {
			return nil, at(f, fmt.Errorf("the model does not say which Python it was logged with; set python in [environment]"), "environment")
		}
		e.inputs.Base = "python:" + e.inputs.Python + "-slim"
	}
	e.inputs.Toolchain = f.Environment.Toolchain
	e.addSystemPackages(f, m)
	e.inputs.BuildPackages = f.Environment.BuildPackages
	x, err := newReplacements(f, context)
	if err != nil {
		return nil, err
	}
	if err := e.requireModel(x, m); err != nil {
		return nil, err
	}
	urls := append([]string{}, m.ExtraIndexURLs...)
	replaced := m.IndexURL
	for n, item := range f.Environment.Requirements {
		key := []string{"environment", "requirements", fmt.Sprint(n)}
		r, err := e.readItem(f, context, item, n+1, warn, key...)
		if err != nil {
			return nil, err
		}
		if err := e.requireOwn(x, r.Requirements, r.Constraints); err != nil {
			return nil, err
		}
		e.choose(r.Options)
		urls = append(urls, r.ExtraIndexURLs...)
		if r.IndexURL != "" {
			replaced = r.IndexURL
		}
	}
	for n, name := range f.Environment.Constraints {
		r, err := e.readRequirements(f, context, name, warn, "environment", "constraints", fmt.Sprint(n))
		if err != nil {
			return nil, err
		}
		if err := e.requireOwn(x, nil, r.Requirements); err != nil {
			return nil, err
		}
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
		// They become lines of a file that uv reads.
		if strings.ContainsFunc(line, unicode.IsControl) {
			return nil, at(f, fmt.Errorf("requirement %q holds a control character", line), "model", "source")
		}
		if strings.Contains(line, "${") {
			// uv would put in what its environment has by that name, and send it.
			return nil, at(f, fmt.Errorf("requirement %q takes a part of it from the environment, which is not the model's to read; write it out", line), "model", "source")
		}
	}
	return e, e.addMirror(mirror)
}

// readItem reads an item of [environment] requirements: a file, or a requirement.
func (e *environment) readItem(f *deployfile.File, context fs.FS, item string, number int, warn func(mlmodel.Warning), key ...string) (*mlmodel.RequirementsFile, error) {
	file := !deployfile.IsRequirement(item)
	if !file && deployfile.IsPackageName(item) {
		info, err := fs.Stat(context, item)
		file = err == nil && info.Mode().IsRegular()
	}
	if file {
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
	}
}

func (e *environment) readRequirements(f *deployfile.File, context fs.FS, name string, warn func(mlmodel.Warning), key ...string) (*mlmodel.RequirementsFile, error) {
	r, warnings, err := mlmodel.ParseRequirements(context, name)
	if err != nil {
		return nil, at(f, err, key...)
	}
	if e.size, e.entries = e.size+r.Size, e.entries+r.Entries; e.size > mlmodel.MaxRequirements || e.entries > mlmodel.MaxEntries {
		return nil, at(f, fmt.Errorf("%s: with the files before it, there are more than %d MiB or %d requirements and options: take some out",
			name, mlmodel.MaxRequirements>>20, mlmodel.MaxEntries), key...)
	}
	for _, w := range warnings {
		warn(w)
	}
	return r, nil
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
		text = "./" + r.Path + extras(r) + marker(r)
		e.take(r.Path)
	}
	if len(r.Hashes) > 0 {
		text += " --hash=" + strings.Join(r.Hashes, " --hash=")
	}
	return text
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

// addIndexes lists the Deployfile's indexes first: a name that one of them
// has is not looked for in those that a model brings along.
func (e *environment) addIndexes(f *deployfile.File, m *mlmodel.Model, urls []string, replaced string) {
	hasDefault := false
	for n, i := range f.Environment.Indexes {
		x := resolver.Index{Name: i.Name, URL: i.URL, Default: i.Default, SecretID: i.Secret, Packages: i.Packages}
		if i.Secret != "" {
			x.Secret = fmt.Sprintf("/run/secrets/index-%d", n)
		}
		hasDefault = hasDefault || i.Default
		e.indexes = append(e.indexes, x)
	}
	for n, x := range m.LockedIndexes {
		e.addLocked(x, fmt.Sprintf("model-lock-%d", n+1))
		urls = slices.DeleteFunc(urls, func(u string) bool { return sameIndex(u, x.URL) })
	}
	for n, u := range urls {
		// The table of an index says more than an option.
		if slices.ContainsFunc(f.Environment.Indexes, func(i deployfile.Index) bool { return strings.TrimSuffix(i.URL, "/") == strings.TrimSuffix(u, "/") }) {
			continue
		}
		e.indexes = append(e.indexes, resolver.Index{Name: fmt.Sprintf("model-%d", n+1), URL: u, Extra: true})
	}
	if replaced != "" && !hasDefault {
		e.indexes = append(e.indexes, resolver.Index{Name: "model", URL: replaced, Default: true})
	}
	for _, i := range e.indexes {
		e.inputs.Indexes = append(e.inputs.Indexes, i.Input())
	}
}

// addLocked adds an index of the model's own lock, for the packages that the lock takes
// from it. One that the Deployfile declares has all that it needs there, and so have
// packages that the Deployfile takes from another.
func (e *environment) addLocked(x mlmodel.LockedIndex, name string) {
	taken := set{}
	for _, i := range e.indexes {
		if sameIndex(i.URL, x.URL) {
			return
		}
		for _, p := range i.Packages {
			taken.add(pypi.CanonPackageName(p))
		}
	}
	packages := slices.DeleteFunc(slices.Clone(x.Packages), func(p string) bool { return taken[p] })
	if len(packages) > 0 {
		e.indexes = append(e.indexes, resolver.Index{Name: name, URL: x.URL, Packages: packages})
	}
}

func sameIndex(a, b string) bool { return strings.TrimSuffix(a, "/") == strings.TrimSuffix(b, "/") }

// addMirror puts an index in the place of the default one. It is no input of
// the lock: what comes from it has the same names and hashes.
func (e *environment) addMirror(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("build argument %s is not the URL of an index", ArgIndex)
	}
	if u.User != nil {
		return fmt.Errorf("build argument %s holds a credential, which would stay in the build's history; give it as the secret %q", ArgIndex, mirrorSecret)
	}
	for n := range e.indexes {
		e.indexes[n].Default = false
	}
	e.indexes = slices.DeleteFunc(e.indexes, func(i resolver.Index) bool { return i.Name == "model" })
	e.indexes = append(e.indexes, resolver.Index{
		Name: "mirror", URL: address, Default: true, Mirror: true, SecretID: mirrorSecret, Secret: "/run/secrets/index-mirror",
	})
	return nil
}

// mirrorSecret is the id of the secret that a mirror may want.
const mirrorSecret = "index"

// minor returns the first two parts of a Python version.
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return ""
	}
	return parts[0] + "." + parts[1]
}
