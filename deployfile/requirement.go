package deployfile

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/deployfile/deployfile/internal/redact"
)

// overridePattern matches a name with a version specifier or a URL (PEP 508).
const overridePattern = `^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?[ \t]*(\[[^\]]*\])?[ \t]*[(=<>!~@][^\n\r]*$`

// IsRequirement reports whether an item of [environment] requirements is a
// requirement and not the name of a file: it has a version, a marker or a URL, or
// is a wheel or sdist. A name alone may be either; the name of a file ends in .txt
// or .in, or has a directory.
func IsRequirement(item string) bool {
	switch lower := strings.ToLower(item); {
	case strings.Contains(item, "://"), strings.Contains(item, " @ "):
		return true
	case strings.HasSuffix(lower, ".txt"), strings.HasSuffix(lower, ".in"):
		return false
	case strings.HasSuffix(lower, ".whl"), strings.HasSuffix(lower, ".tar.gz"), strings.HasSuffix(lower, ".zip"):
		return true
	}
	return strings.ContainsAny(item, "=<>!~;[") || IsPackageName(item)
}

var packageName = regexp.MustCompile(pythonPackagePattern)

// IsPackageName reports whether a text is the name of a Python package (PEP 508).
func IsPackageName(text string) bool { return packageName.MatchString(text) }

var pythonMinor = regexp.MustCompile(pythonPattern)

// IsPython reports whether images are made with a minor version of Python, such as 3.11.
func IsPython(minor string) bool { return pythonMinor.MatchString(minor) }

func checkRequirementItem(name, value string) Problem {
	if !IsRequirement(value) {
		return checkPath(name, value)
	}
	return checkLine(name, value)
}

// checkLine refuses what cannot be a line of a requirements file.
func checkLine(name, value string) Problem {
	switch {
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return Problem{"invalid-requirement", fmt.Sprintf("%s %q has a control character", name, value), "write one requirement in each item"}
	case redact.HasCredential(value):
		return Problem{
			ruleCredential, name + " holds a credential, which would end up in logs and in the lock",
			"give it as a build secret: [[environment.indexes]] has a key secret",
		}
	}
	return Problem{}
}

func refuseOverride(name, value string) Problem {
	p := Problem{"invalid-requirement", fmt.Sprintf(`%s %q must be a requirement with its version or place, "name==version" or "name @ https://…"`, name, value), ""}
	if IsPackageName(value) {
		p.Hint = fmt.Sprintf("for example %q", value+"==1.0")
	}
	return p
}

var versionAfterName = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(?:[=<>!~(]|@\s|;)`)

// checkLeftOut accepts a name, and a line that has none.
func checkLeftOut(name, value string) Problem {
	if m := versionAfterName.FindStringSubmatch(value); m != nil {
		return Problem{"invalid-name", fmt.Sprintf("%s %q must be a package's name alone: it leaves out every version", name, value), fmt.Sprintf("write %q", m[1])}
	}
	if strings.TrimSpace(value) == "" {
		return Problem{"invalid-name", name + " must name a package", ""}
	}
	return checkLine(name, value)
}
