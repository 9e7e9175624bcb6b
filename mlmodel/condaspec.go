package mlmodel

import (
	"regexp"
	"strings"
)

// condaMatch matches conda's match specification as environment files use it:
// channel::name, then version and build after = or a space, or keys in brackets.
var (
	condaMatch = regexp.MustCompile(`^(?:([^\s:]+)::)?([A-Za-z0-9_][A-Za-z0-9._-]*)\s*(\[.*\]|[=<>!~*].*|\s\d.*|\d.*|)$`)
	condaKey   = regexp.MustCompile(`\bversion\s*=\s*(?:'([^']*)'|"([^"]*)"|([^,\]\s]+))`)
	// clauseParts splits a clause of a version specifier into operator and version.
	clauseParts = regexp.MustCompile(`^([<>=!~]*)\s*(.*)$`)
	releaseOnly = regexp.MustCompile(`^(\d+!)?\d+(\.\d+)*$`)
)

// condaDependency is one conda dependency, as opposed to one of the pip
// section.
type condaDependency struct {
	// text is the dependency as written, channel the part before "::", name the
	// package in lower case.
	text, channel, name string
	// specifier is the version specifier of PEP 440 that comes closest; "" if any
	// version fits. loose reports that it leaves out a part of conda's.
	specifier string
	loose     bool
	line      int
}

// parseCondaDependency parses a match specification; false if it is not one.
//
// https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-specs.html
func parseCondaDependency(text string, line int) (condaDependency, bool) {
	m := condaMatch.FindStringSubmatch(text)
	if m == nil {
		return condaDependency{}, false
	}
	d := condaDependency{text: text, channel: m[1], name: strings.ToLower(m[2]), line: line}
	d.specifier, d.loose = condaSpecifier(m[3])
	return d, true
}

// condaSpecifier translates conda's version and build to PEP 440. The build has no
// counterpart, but a version beside one is exact.
func condaSpecifier(spec string) (specifier string, loose bool) {
	version, keys, bracket := strings.Cut(strings.TrimSpace(spec), "[")
	if m := condaKey.FindStringSubmatch(keys); bracket && m != nil {
		version = m[1] + m[2] + m[3]
	}
	version = withoutBuild(strings.TrimSpace(version))
	var clauses []string
	for clause := range strings.SplitSeq(version, ",") {
		translated, ok := condaClause(strings.TrimSpace(clause))
		if !ok {
			loose = true
		} else if translated != "" {
			clauses = append(clauses, translated)
		}
	}
	return strings.Join(clauses, ","), loose
}

// withoutBuild removes the build, which follows the version after = or a space.
// What remains is "==1.2" if there was one.
func withoutBuild(version string) string {
	m := clauseParts.FindStringSubmatch(version)
	operator, rest := m[1], m[2]
	for _, separator := range []string{"=", " "} {
		before, after, found := strings.Cut(rest, separator)
		if !found || after == "" || strings.ContainsAny(before+after[:1], ",<>!~|=") || strings.HasSuffix(before, " ") {
			continue
		}
		if operator == "=" {
			operator = "=="
		}
		return operator + strings.TrimSpace(before)
	}
	return version
}

// condaClause translates one clause; "" if every version fits, false if PEP 440 has
// no counterpart. A single = is fuzzy: =1.2 is ==1.2.*.
func condaClause(clause string) (string, bool) {
	m := clauseParts.FindStringSubmatch(clause)
	operator, version := m[1], strings.TrimSpace(m[2])
	// == fits a local version, too, such as 2.1.0+cu118, which only PyTorch's own
	// index has.
	version, _, _ = strings.Cut(version, "+")
	prefix := strings.TrimSuffix(strings.TrimSuffix(version, "*"), ".")
	if prefix == "" {
		return "", true
	}
	fuzzy := prefix != version || operator == "="
	switch operator {
	case "", "=", "==":
		operator = "=="
	case "!=":
	default:
		fuzzy = false
	}
	if fuzzy && releaseOnly.MatchString(prefix) {
		prefix += ".*"
	}
	out := operator + prefix
	return out, !strings.ContainsAny(prefix, "|()^$ ") && checkSpecifier(out) == nil
}

// exact returns the version that a dependency pins, "" if it does not pin one.
func (c condaDependency) exact() string {
	version, pinned := strings.CutPrefix(c.specifier, "==")
	if !pinned || strings.Contains(version, ",") {
		return ""
	}
	return strings.TrimSuffix(version, ".*")
}
