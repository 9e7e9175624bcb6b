package lint

import (
	"regexp"
	"slices"
	"strings"

	"deps.dev/util/semver"
)

// excluded reports whether an environment marker (PEP 508) excludes its
// requirement from every image: they run CPython on Linux, of this version
// ("3.11"; "" if unknown). A marker that cannot be evaluated counts as met.
func excluded(marker, python string) bool {
	if marker == "" {
		return false
	}
	e := evaluation{tokens: markerToken.FindAllString(marker, -1), python: python}
	met := e.or()
	return !met && !e.failed && len(e.tokens) == 0
}

var markerToken = regexp.MustCompile(`\(|\)|'[^']*'|"[^"]*"|[<>=!~]=?=?|[A-Za-z_.]+|\S`)

// evaluation reads a marker from left to right. Markers have no negation, so an
// unknown part may count as true anywhere.
type evaluation struct {
	tokens []string
	python string
	failed bool
}

func (e *evaluation) next() string {
	if len(e.tokens) == 0 {
		e.failed = true
		return ""
	}
	t := e.tokens[0]
	e.tokens = e.tokens[1:]
	return t
}

func (e *evaluation) take(word string) bool {
	if len(e.tokens) == 0 || e.tokens[0] != word {
		return false
	}
	e.tokens = e.tokens[1:]
	return true
}

func (e *evaluation) or() bool {
	met := e.and()
	for e.take("or") {
		other := e.and()
		met = met || other
	}
	return met
}

func (e *evaluation) and() bool {
	met := e.comparison()
	for e.take("and") {
		other := e.comparison()
		met = met && other
	}
	return met
}

func (e *evaluation) comparison() bool {
	if e.take("(") {
		met := e.or()
		e.failed = e.failed || !e.take(")")
		return met
	}
	left, operator := e.next(), e.next()
	if operator == "not" {
		e.failed = e.failed || !e.take("in")
		operator = "not in"
	}
	return e.compare(left, operator, e.next())
}

func (e *evaluation) compare(left, operator, right string) bool {
	variable := left
	if quoted(left) {
		variable = right
	}
	if slices.Contains([]string{"python_version", "python_full_version"}, variable) {
		return quoted(left) || e.python == "" || e.version(variable, operator, unquoted(right))
	}
	known := map[string]string{
		"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux",
		"implementation_name": "cpython", "platform_python_implementation": "CPython",
	}
	value := func(token string) (string, bool) {
		if quoted(token) {
			return unquoted(token), true
		}
		v, ok := known[token]
		return v, ok
	}
	a, knownLeft := value(left)
	b, knownRight := value(right)
	if !knownLeft || !knownRight {
		return true
	}
	switch operator {
	case "==", "===":
		return a == b
	case "!=":
		return a != b
	case "in":
		return strings.Contains(b, a)
	case "not in":
		return !strings.Contains(b, a)
	}
	return true
}

// version compares Python's version with another (PEP 440). Only the first two
// parts of the full version are known, so a whole minor version counts.
func (e *evaluation) version(variable, operator, version string) bool {
	if variable == "python_full_version" {
		if parts := strings.Split(version, "."); len(parts) > 2 {
			return true
		}
	}
	c, err := semver.PyPI.ParseConstraint(operator + version)
	return err != nil || c.Match(e.python)
}

func quoted(token string) bool     { return strings.HasPrefix(token, `"`) || strings.HasPrefix(token, "'") }
func unquoted(token string) string { return strings.Trim(token, `"'`) }
