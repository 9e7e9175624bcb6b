package deployfile

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// The minor versions of Python 3 that this release is tested with.
const (
	oldestPython = 9
	newestPython = 14
)

func (r *report) validateEnvironment(e Environment) {
	if minor, err := strconv.Atoi(strings.TrimPrefix(e.Python, "3.")); err == nil && minor > newestPython && r.written("environment", "python") {
		r.warn(Problem{
			"untested-python", fmt.Sprintf("Python %s is newer than any that was tested, 3.%d", e.Python, newestPython), "",
		}, "environment", "python")
	}
	r.indexes(e.Indexes)
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
		r.indexPackages(index, owners, join(path, "packages")...)
		if !index.Default {
			continue
		}
		at := join(path, "default")
		switch {
		case standard != "":
			r.atValue(Problem{
				"duplicate", fmt.Sprintf("index %s is the default already", standard), "leave it out of all but one",
			}, at...)
		case len(index.Packages) > 0:
			r.atValue(Problem{
				"conflict", "an index that is the default cannot be limited to packages", "leave out one of the two",
			}, at...)
		}
		standard = fmt.Sprintf("%q", index.Name)
	}
}

func (r *report) indexName(name string, taken map[string]bool, path ...string) {
	switch {
	case !r.index.has(path):
		r.atKey(Problem{"missing-key", "this index has no name", `messages and the lock refer to it, for example: name = "corp"`}, path...)
	case !r.written(path...):
	case taken[name]:
		r.atValue(Problem{"duplicate", fmt.Sprintf("index name %q is used twice", name), "give each index a name of its own"}, path...)
	}
	taken[name] = true
}

func (r *report) indexURL(index Index, path []string) {
	at := join(path, "url")
	if !r.index.has(at) {
		r.atKey(Problem{"missing-key", "this index has no url", `for example: url = "https://packages.example.com/simple"`}, at...)
		return
	}
	if checkIndexURL("", index.URL).Rule == ruleCredential && strings.ContainsAny(r.index.raw(at), "\\\n") {
		// Written like this, redact.Mask may not recognise it.
		r.hidden = append(r.hidden, r.index.value(at))
	}
	if u, err := url.Parse(index.URL); err == nil && u.Scheme == "http" && index.Secret != "" && !r.said(at...) {
		r.warn(Problem{
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
		normalized := normalizedPackage(name)
		if owner, taken := owners[normalized]; taken {
			r.atValue(Problem{"duplicate", fmt.Sprintf("package %q belongs to index %q already", name, owner), "remove one"}, at...)
		}
		owners[normalized] = index.Name
	}
}
