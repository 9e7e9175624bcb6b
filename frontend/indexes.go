package frontend

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
)

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
		// The table of an index has more than an option.
		if slices.ContainsFunc(f.Environment.Indexes, func(i deployfile.Index) bool { return sameIndex(i.URL, u) }) {
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
