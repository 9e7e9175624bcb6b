package deployfile

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The minor versions of Python 3 that this release is tested with.
const (
	oldestPython = 9
	newestPython = 14
)

func (r *report) validateEnvironment(e Environment) {
	const table = "environment"
	r.python(e.Python, table, "python")
	r.image(e.Base, table, "base")
	r.image(e.Toolchain, table, "toolchain")
	r.oneOf(e.MLflow, mlflowChoices(), table, "mlflow")
	r.paths(e.Requirements, table, "requirements")
	r.paths(e.Constraints, table, "constraints")
	r.paths(e.Code, table, "code")
	for i, value := range e.SystemPackages {
		r.systemPackage(value, table, "system-packages", strconv.Itoa(i))
	}
	r.env(e.Env, table, "env")
	r.secret(e.CA, table, "ca")
	r.indexes(e.Indexes)
}

func (r *report) python(value string, path ...string) {
	if !r.written(path...) {
		return
	}
	if matches(pythonPattern, value) {
		if minor, _ := strconv.Atoi(strings.TrimPrefix(value, "3.")); minor > newestPython {
			r.warn(problem{
				"untested-python", fmt.Sprintf("Python %s is newer than any that was tested, 3.%d", value, newestPython), "",
			}, path...)
		}
		return
	}
	p := problem{
		rule:    "invalid-python",
		message: fmt.Sprintf(`%s %q must be a minor version, "3.%d" to "3.%d"`, describe(path), value, oldestPython, newestPython),
	}
	if parts := strings.SplitN(value, ".", 3); len(parts) == 3 {
		if minor := parts[0] + "." + parts[1]; matches(pythonPattern, minor) {
			p.hint = fmt.Sprintf("write %q: the lock pins the patch release", minor)
		}
	}
	r.atValue(p, path...)
}

func (r *report) image(value string, path ...string) {
	if r.written(path...) {
		_, p := checkImage(describe(path), value)
		r.problem(p, path)
	}
}

func (r *report) paths(values []string, path ...string) {
	for i, value := range values {
		r.path(value, join(path, strconv.Itoa(i))...)
	}
}

func (r *report) systemPackage(value string, path ...string) {
	if r.written(path...) && !matches(systemPackagePattern, value) {
		r.atValue(problem{
			"invalid-name", fmt.Sprintf(`%s %q must be a Debian package, "name" or "name=version"`, describe(path), value),
			`for example "libgomp1"`,
		}, path...)
	}
}

func (r *report) env(values map[string]string, path ...string) {
	r.names("environment variable", values, path...)
}

func (r *report) names(what string, values map[string]string, path ...string) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if at := join(path, name); r.written(at...) && !r.matches(envNamePattern, name) {
			r.atKey(problem{
				"invalid-name",
				fmt.Sprintf("%s %q must be letters, digits and '_', and not start with a digit", what, name), "",
			}, at...)
		}
	}
}

func (r *report) secret(value string, path ...string) {
	if r.written(path...) && !matches(secretIDPattern, value) {
		r.atValue(problem{
			// The value is not repeated: it may be the secret itself.
			"invalid-name", describe(path) + " must be the id of a build secret: letters, digits, '.', '_' and '-'",
			"give the value when building: --secret id=ID,src=FILE",
		}, path...)
	}
}

// indexes checks [[environment.indexes]], one by one and against each other.
func (r *report) indexes(indexes []Index) {
	names, owners, standard := map[string]bool{}, map[string]string{}, ""
	for i, index := range indexes {
		path := []string{"environment", "indexes", strconv.Itoa(i)}
		if r.said(path...) {
			continue
		}
		r.indexName(index.Name, names, join(path, "name")...)
		r.indexURL(index, path)
		r.secret(index.Secret, join(path, "secret")...)
		r.indexPackages(index, owners, join(path, "packages")...)
		if !index.Default {
			continue
		}
		at := join(path, "default")
		switch {
		case standard != "":
			r.atValue(problem{
				"duplicate", fmt.Sprintf("index %s is the default already", standard), "leave it out of all but one",
			}, at...)
		case len(index.Packages) > 0:
			r.atValue(problem{
				"conflict", "an index that is the default cannot be limited to packages", "leave out one of the two",
			}, at...)
		}
		standard = fmt.Sprintf("%q", index.Name)
	}
}

func (r *report) indexName(name string, taken map[string]bool, path ...string) {
	switch {
	case !r.index.has(path):
		r.atKey(problem{"missing-key", "this index has no name", `messages and the lock refer to it, for example: name = "corp"`}, path...)
	case !r.written(path...):
	case !matches(indexNamePattern, name):
		r.atValue(problem{
			"invalid-name", fmt.Sprintf("%s %q must be letters, digits, '.', '_' and '-'", describe(path), name), "",
		}, path...)
	case taken[name]:
		r.atValue(problem{"duplicate", fmt.Sprintf("index name %q is used twice", name), "give each index a name of its own"}, path...)
	}
	taken[name] = true
}

func (r *report) indexURL(index Index, path []string) {
	at := join(path, "url")
	if !r.index.has(at) {
		r.atKey(problem{"missing-key", "this index has no url", `for example: url = "https://packages.example.com/simple"`}, at...)
		return
	}
	if !r.written(at...) {
		return
	}
	p := checkIndexURL(describe(at), index.URL)
	r.problem(p, at)
	if p.rule == ruleCredential && strings.ContainsAny(r.index.raw(at), "\\\n") {
		// Written like this, redact.Mask may not recognise it.
		r.hidden = append(r.hidden, r.index.value(at))
	}
	if u, err := url.Parse(index.URL); err == nil && u.Scheme == "http" && index.Secret != "" && !r.said(at...) {
		r.warn(problem{
			"unencrypted-secret", fmt.Sprintf("the secret of index %q is sent unencrypted", index.Name), "use https",
		}, at...)
	}
}

func (r *report) indexPackages(index Index, owners map[string]string, path ...string) {
	for i, name := range index.Packages {
		at := join(path, strconv.Itoa(i))
		if !r.written(at...) {
			continue
		}
		if !matches(pythonPackagePattern, name) {
			r.atValue(problem{"invalid-name", fmt.Sprintf("%s %q must be the name of a Python package, without a version",
				describe(at), name), ""}, at...)
			continue
		}
		normalized := normalizedPackage(name)
		if owner, taken := owners[normalized]; taken {
			r.atValue(problem{"duplicate", fmt.Sprintf("package %q belongs to index %q already", name, owner), "remove one"}, at...)
		}
		owners[normalized] = index.Name
	}
}
