package frontend

import (
	"fmt"
	"regexp"
	"strings"
)

// impliedNames returns the names of Implied.
func (i *Inspection) impliedNames() []string {
	var names []string
	for _, p := range i.Implied {
		names = append(names, p.Name)
	}
	return names
}

// unknownPackages matches apt's messages about a package, or a version, that is missing
// in its index.
var unknownPackages = regexp.MustCompile(`Unable to locate package (\S+)|Package '(\S+)' has no installation candidate|Version '[^']*' for '(\S+)' was not found`)

// locatePackage says which of the Debian packages apt is talking about. For one that
// the model implies, it says why it is asked for, and how not to.
func (i *Inspection) locatePackage(err error, said string) error {
	name := unknownPackage(said)
	for _, p := range i.Implied {
		if p.Name == name || name == "" && len(i.Implied) == len(i.Inputs.SystemPackages) {
			err = fmt.Errorf("%w\n%s: %s; implied-packages = false in [environment] leaves it out", err, p.Name, p.Reason)
			return at(i.File, err, "environment", "implied-packages")
		}
	}
	return at(i.File, err, packageKey(name, "system-packages", i.File.Environment.SystemPackages)...)
}

// packageKey returns where a list of the Deployfile names a Debian package.
func packageKey(name, list string, packages []string) []string {
	key := []string{"environment", list}
	for n, p := range packages {
		if p == name || strings.HasPrefix(p, name+"=") {
			return append(key, fmt.Sprint(n))
		}
	}
	return key
}

// unknownPackage returns the package that apt does not find, "" if it says something else.
func unknownPackage(said string) string {
	if m := unknownPackages.FindStringSubmatch(said); m != nil {
		return m[1] + m[2] + m[3]
	}
	return ""
}
