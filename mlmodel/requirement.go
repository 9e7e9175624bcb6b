package mlmodel

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"strings"

	"deps.dev/util/pypi"
	"deps.dev/util/semver"
)

var (
	// PEP 508, "Names"; pypi.ParseDependency drops an invalid name instead of
	// refusing it.
	identifier = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$`)
	// PEP 508's URL requirement, which pypi.ParseDependency does not parse: name,
	// extras, URL or path.
	direct    = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*@\s*(\S.*)$`)
	urlScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.-]*(?:\+[A-Za-z0-9.-]+)?:`)
	// Characters that no path of a lock has, and "#", after which uv reads no path.
	beyondPath = regexp.MustCompile(`[#\\\pC]`)
	// The file name of an sdist, which begins with its name and version.
	sdistName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]*-[0-9]`)
	withExtra = regexp.MustCompile(`^(.+)\[([^\]]*)\]$`)
)

// parseRequirement parses a requirement without its options: PEP 508, a URL or
// the path of a local file.
func (p *requirementsParser) parseRequirement(file string, l line) (Requirement, error) {
	r := Requirement{Text: l.text, File: file, Line: l.number}
	fault := func(message, hint string) error {
		return newSourceError(file, l.number, l.text, message, hint)
	}
	if strings.ContainsFunc(l.text, isControl) {
		// It becomes a line of a file that uv reads.
		return r, fault("there is a control character in it, such as a line break", "")
	}
	if strings.Contains(l.text, "${") {
		// uv would put in what its environment has by that name, and send it.
		return r, fault("a part of it would be taken from the environment, which is not the model's to read", "write it out")
	}
	if m := direct.FindStringSubmatch(l.text); m != nil {
		if !identifier.MatchString(m[1]) {
			return r, fault(fmt.Sprintf("%q is not a project's name", m[1]), "")
		}
		r.Name, r.Extras = pypi.CanonPackageName(m[1]), extras(m[2])
		target := m[3]
		target, r.Marker = cutMarker(target)
		if urlScheme.MatchString(target) || strings.ContainsAny(target, `/\`) || isArchive(target) {
			return p.parseTarget(r, target, fault)
		}
		return r, fault("the URL after @ is missing", "write name @ https://…, or name==version")
	}
	if target, marker := cutMarker(l.text); isTarget(target) {
		r.Marker = marker
		return p.parseTarget(r, target, fault)
	}
	d, err := pypi.ParseDependency(l.text)
	if err != nil {
		return r, fault("this is not a requirement", "write it as name==version")
	}
	written := l.text[:strings.IndexAny(l.text+" ", " \t[(;<=!~>")]
	if !identifier.MatchString(written) {
		return r, fault(fmt.Sprintf("%q is not a project's name", written), "")
	}
	if err := checkSpecifier(d.Constraint); err != nil {
		return r, fault(err.Error(), "write it as name==version, or name>=version,<version")
	}
	r.Name, r.Extras, r.Specifier, r.Marker = d.Name, extras(d.Extras), d.Constraint, d.Environment
	for _, e := range r.Extras {
		if !identifier.MatchString(e) {
			return r, fault(fmt.Sprintf("%q is not an extra's name", e), "")
		}
	}
	if strings.Contains(l.text, ";") && r.Marker == "" {
		return r, fault("the environment marker after ; is missing", "")
	}
	return r, nil
}

// checkSpecifier checks a version specifier (PEP 440). Any text may follow ===.
func checkSpecifier(specifier string) error {
	specifier = strings.TrimSuffix(strings.TrimSpace(specifier), ",")
	if specifier == "" {
		return nil
	}
	for clause := range strings.SplitSeq(specifier, ",") {
		clause = strings.TrimSpace(clause)
		version := strings.TrimSpace(strings.TrimLeft(clause, "<>=!~"))
		checked := clause
		switch {
		case strings.HasPrefix(clause, "==="):
			checked = "==1"
		case !strings.HasPrefix(clause, "==") && !strings.HasPrefix(clause, "!="):
			// A wildcard needs == or !=; resolvers still accept it elsewhere, out of old
			// habit.
			checked = strings.TrimSuffix(clause, ".*")
		}
		// PEP 440 also allows an underscore as a separator; the parser does not.
		_, err := semver.PyPI.ParseConstraint(strings.ReplaceAll(checked, "_", "."))
		if err != nil || version == "" || strings.ContainsAny(version, "<>=~@/: \t") {
			return fmt.Errorf("%q is not a version specifier", clause)
		}
	}
	return nil
}

// extras splits the names in brackets.
func extras(text string) []string {
	var names []string
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// cutMarker splits an environment marker from a URL or path. A URL may contain
// a semicolon, so there it counts only after a space.
func cutMarker(text string) (target, marker string) {
	separator := ";"
	if strings.Contains(text, "://") {
		separator = " ;"
		if !strings.Contains(text, separator) {
			separator = "; "
		}
	}
	target, marker, _ = strings.Cut(text, separator)
	return strings.TrimSpace(target), strings.TrimSpace(marker)
}

func isArchive(name string) bool {
	for _, suffix := range []string{".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"} {
		if strings.HasSuffix(strings.ToLower(name), suffix) {
			return true
		}
	}
	return false
}

// isTarget reports whether a requirement is a URL or path and not a name, as
// pip decides.
func isTarget(text string) bool {
	if m := withExtra.FindStringSubmatch(text); m != nil {
		text = m[1]
	}
	return urlScheme.MatchString(text) || strings.HasPrefix(text, ".") || strings.ContainsAny(text, `/\`) || isArchive(text)
}

// parseTarget completes a requirement that is a URL or a path; r has its name,
// extras and marker if the line has them.
func (p *requirementsParser) parseTarget(r Requirement, target string, fault func(message, hint string) error) (Requirement, error) {
	scheme := strings.ToLower(strings.TrimSuffix(urlScheme.FindString(target), ":"))
	switch {
	case scheme == "file":
		rest := target[len("file:"):]
		if strings.HasPrefix(rest, "/") {
			return r, fault("a file: URL names a place on the machine where the requirements were written",
				"replace it by name==version, or put the wheel beside this file and name its relative path")
		}
		rest, _, _ = strings.Cut(rest, "#")
		unescaped, err := url.PathUnescape(rest)
		if err != nil {
			return r, fault("the file: URL is malformed", "")
		}
		return p.parsePath(r, unescaped, fault)
	case strings.HasPrefix(target, "git+"), strings.HasPrefix(scheme, "git+"):
		return parseGit(r, target, fault)
	case strings.Contains(scheme, "+"):
		return r, fault(fmt.Sprintf("version control by %s is not supported", scheme), "use git+https://…, or a wheel")
	case scheme == "http" || scheme == "https":
		return parseDownload(r, target, fault)
	case len(scheme) > 1:
		return r, fault(fmt.Sprintf("%s: URLs are not supported", scheme), "use https://…, git+https://… or a relative path")
	default:
		return p.parsePath(r, target, fault)
	}
}

// parsePath completes a requirement that is a local wheel, sdist or project.
func (p *requirementsParser) parsePath(r Requirement, target string, fault func(message, hint string) error) (Requirement, error) {
	if m := withExtra.FindStringSubmatch(target); m != nil {
		target, r.Extras = strings.TrimSpace(m[1]), extras(m[2])
	}
	if _, inside := localPath(p.root, target); !inside {
		if _, inside = localPath(path.Dir(r.File), target); !inside {
			return r, fault("the path is outside the directory that is read", "put the file beside this one and name its relative path")
		}
	}
	name, found := p.find(r.File, target)
	if !found {
		return r, fault(fmt.Sprintf("there is no file %s", path.Clean(strings.ReplaceAll(target, `\`, "/"))),
			"the path is relative to the directory of the model or of this file")
	}
	if beyondPath.MatchString(name) {
		return r, fault(fmt.Sprintf("the path %q has a # or a backslash, or a character that cannot be seen", name), "rename the file or the directory")
	}
	info, err := fs.Stat(p.fsys, name)
	if err != nil {
		return r, fault(fmt.Sprintf("%s cannot be read: %v", name, err), "")
	}
	if info.IsDir() {
		if !p.isProject(name) {
			return r, fault(fmt.Sprintf("the directory %s is not a Python project", name), "it needs a pyproject.toml or a setup.py")
		}
	} else if err := r.takeFileName(path.Base(name)); err != nil {
		return r, fault(err.Error(), "")
	}
	r.Path = name
	r.Text = relative(p.root, name)
	if len(r.Extras) > 0 {
		r.Text += "[" + strings.Join(r.Extras, ",") + "]"
	}
	if r.Marker != "" {
		r.Text += " ; " + r.Marker
	}
	return r, nil
}

func (p *requirementsParser) isProject(dir string) bool {
	for _, name := range []string{"pyproject.toml", "setup.py"} {
		if _, err := fs.Stat(p.fsys, path.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// takeFileName sets a requirement's name from that of its wheel, or checks that
// they agree. An sdist's file name does not tell where the name ends, so it is
// only checked.
func (r *Requirement) takeFileName(file string) error {
	if !strings.HasSuffix(strings.ToLower(file), ".whl") {
		if !isArchive(file) {
			return fmt.Errorf("%s is neither a wheel nor an sdist", file)
		}
		return nil
	}
	w, err := pypi.ParseWheelName(file)
	if err != nil {
		return fmt.Errorf("%s is not a wheel's file name, which is name-version-python-abi-platform.whl", file)
	}
	name := pypi.CanonPackageName(w.Name)
	if r.Name != "" && r.Name != name {
		return fmt.Errorf("the wheel %s is not one of %s", file, r.Name)
	}
	r.Name = name
	if r.Specifier == "" {
		r.Specifier = "==" + w.Version
	}
	return nil
}

// relative returns a path inside root relative to root.
func relative(root, name string) string {
	if root == "." {
		return name
	}
	return strings.TrimPrefix(name, root+"/")
}
