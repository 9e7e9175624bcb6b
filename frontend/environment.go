package frontend

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"deps.dev/util/semver"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
)

// environment is what is to be resolved.
type environment struct {
	inputs  resolver.Inputs
	indexes []resolver.Index
	// local are files of the context that requirements name.
	local []string
	// ownRequirements and ownConstraints are those of the Deployfile's own
	// files.
	ownRequirements, ownConstraints []mlmodel.Requirement
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
	e := &environment{requirements: set{}, constraints: set{}, options: set{}, files: set{}}
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
	e.inputs.SystemPackages = f.Environment.SystemPackages
	e.require(m.Requirements)
	e.constrain(m.Constraints)
	e.choose(m.Options)
	urls := append([]string{}, m.ExtraIndexURLs...)
	replaced := m.IndexURL
	for n, name := range f.Environment.Requirements {
		r, err := e.readRequirements(f, context, name, warn, "environment", "requirements", fmt.Sprint(n))
		if err != nil {
			return nil, err
		}
		e.ownRequirements = append(e.ownRequirements, r.Requirements...)
		e.ownConstraints = append(e.ownConstraints, r.Constraints...)
		e.require(r.Requirements)
		e.constrain(r.Constraints)
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
		e.ownConstraints = append(e.ownConstraints, r.Requirements...)
		e.constrain(r.Requirements)
	}
	e.server(f, m)
	e.addIndexes(f, urls, replaced)
	for _, line := range slices.Concat(e.inputs.Requirements, e.inputs.Constraints, e.inputs.Options) {
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

func (e *environment) readRequirements(f *deployfile.File, context fs.FS, name string, warn func(mlmodel.Warning), key ...string) (*mlmodel.RequirementsFile, error) {
	r, warnings, err := mlmodel.ParseRequirements(context, name)
	if errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(name, "=<>~") {
		err = fmt.Errorf("%q looks like a requirement, and these are files: write it into a requirements.txt and name that", name)
	}
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

// server adds what the server needs and the model does not ask for.
func (e *environment) server(f *deployfile.File, m *mlmodel.Model) {
	e.inputs.MLflow = "full"
	if f.Server.Kind != "mlflow" {
		return
	}
	e.inputs.MLflow = f.Environment.MLflow
	mlflow := "mlflow"
	if release(m.MLflowVersion) {
		mlflow += "==" + m.MLflowVersion
	}
	r, ok := m.MLflowRequirement()
	switch {
	case !ok:
		e.inputs.Requirements = append(e.inputs.Requirements, mlflow)
	case r.Name == "mlflow" && r.Text == "mlflow":
		// MLflow 1 wrote it without a version; the model was logged with one.
		e.inputs.Requirements[slices.Index(e.inputs.Requirements, r.Text)] = mlflow
	}
}

// release says whether a version is one of PEP 440 and of an index: neither a
// development version nor any text.
func release(version string) bool {
	_, err := semver.PyPI.Parse(version)
	return version != "" && err == nil && !strings.Contains(version, "dev") && !strings.Contains(version, "+")
}

// choose adds the options of requirements files that choose among what an index
// offers, in the words of uv pip compile.
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

// require adds requirements, constrain constraints.
func (e *environment) require(from []mlmodel.Requirement) {
	e.lines(from, &e.inputs.Requirements, e.requirements)
}

func (e *environment) constrain(from []mlmodel.Requirement) {
	e.lines(from, &e.inputs.Constraints, e.constraints)
}

// take adds a file or folder of the context.
func (e *environment) take(name string) {
	if e.files.add(name) {
		e.local = append(e.local, name)
	}
}

func (e *environment) lines(from []mlmodel.Requirement, to *[]string, listed set) {
	for _, r := range from {
		text := r.Text
		if r.VCS != "" && r.Name != "" {
			// uv wants the name in front, pip takes it from #egg=.
			text = r.Name + extras(r) + " @ " + r.VCS + marker(r)
		}
		if r.Path != "" {
			text = "./" + r.Path + extras(r) + marker(r)
			e.take(r.Path)
		}
		if len(r.Hashes) > 0 {
			text += " --hash=" + strings.Join(r.Hashes, " --hash=")
		}
		if listed.add(text) {
			*to = append(*to, text)
		}
	}
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
func (e *environment) addIndexes(f *deployfile.File, urls []string, replaced string) {
	hasDefault := false
	for n, i := range f.Environment.Indexes {
		x := resolver.Index{Name: i.Name, URL: i.URL, Default: i.Default, SecretID: i.Secret, Packages: i.Packages}
		if i.Secret != "" {
			x.Secret = fmt.Sprintf("/run/secrets/index-%d", n)
		}
		hasDefault = hasDefault || i.Default
		e.indexes = append(e.indexes, x)
	}
	for n, u := range urls {
		e.indexes = append(e.indexes, resolver.Index{Name: fmt.Sprintf("model-%d", n+1), URL: u})
	}
	if replaced != "" && !hasDefault {
		e.indexes = append(e.indexes, resolver.Index{Name: "model", URL: replaced, Default: true})
	}
	for _, i := range e.indexes {
		e.inputs.Indexes = append(e.inputs.Indexes, i.Input())
	}
}

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

// minor is the first two parts of a Python version.
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return ""
	}
	return parts[0] + "." + parts[1]
}
