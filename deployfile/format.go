package deployfile

import (
	"fmt"
	"strings"
)

// Format is a rule for texts. A key names one by its tag "format", or "keys" for the
// keys of a map.
type Format struct {
	// Pattern is a regular expression, in what RE2 and ECMA-262 have in common:
	// the JSON Schema has it, too.
	Pattern string
	// Longest is the highest number of bytes, 0 for any.
	Longest int
	// Valid checks what a pattern cannot; nil for nothing.
	Valid func(value string) bool
	// Called is the name for the keys of a map, such as "environment variable".
	Called string
	// Want completes the message KEY "value" must be …
	Want string
	// Rule is the rule that a wrong value breaks; the default is "invalid-name".
	Rule string
	// Hint returns what to write instead of a wrong value; it may be nil. target is the
	// name of the target that the key is in.
	Hint func(value, target string) string
	// Refuse, if it is there, says what is wrong with a value that the fields
	// above do not accept, in the place of Want, Rule and Hint. key is how
	// messages call the key. An empty Problem accepts the value.
	Refuse func(key, value string) Problem
	// Check finds what else may be wrong with a value that they accept; nil for
	// nothing.
	Check func(key, value string) Problem
}

// Problem is what is wrong with a key, without its position.
type Problem struct {
	// Rule is the rule that is broken, see Diagnostic.
	Rule string
	// Message says what is wrong, Hint what to do about it, or "".
	Message, Hint string
}

// Always returns a Hint that is the same for every value.
func Always(hint string) func(value, target string) string {
	return func(string, string) string { return hint }
}

// check returns what is wrong with a value, an empty Problem if nothing is.
func (f Format) check(r *report, name, value, target string) Problem {
	accepted := (f.Longest == 0 || len(value) <= f.Longest) && (f.Pattern == "" || r.matches(f.Pattern, value)) && (f.Valid == nil || f.Valid(value))
	switch {
	case accepted && f.Check != nil:
		return f.Check(name, value)
	case accepted:
		return Problem{}
	case f.Refuse != nil:
		return f.Refuse(name, value)
	}
	p := Problem{Rule: f.Rule, Message: fmt.Sprintf("%s %q must be %s", name, value, f.Want)}
	if p.Rule == "" {
		p.Rule = "invalid-name"
	}
	if f.Hint != nil {
		p.Hint = f.Hint(value, target)
	}
	return p
}

// formats returns the formats that keys of any table may name.
func formats() map[string]Format {
	return map[string]Format{
		"argument":   {Pattern: envNamePattern, Called: "argument", Want: wantEnvName},
		"env-name":   {Pattern: envNamePattern, Called: "environment variable", Want: wantEnvName},
		"model-name": {Pattern: modelNamePattern, Want: "lower-case letters and digits, with single '.', '_' or '-' between them", Hint: hintModelName},
		"path":       {Pattern: ".", Refuse: checkPath, Check: checkPath},
		"source":     {Pattern: ".", Refuse: checkSource, Check: checkSource},
		"python":     {Pattern: pythonPattern, Refuse: refusePython},
		"image":      {Check: func(key, value string) Problem { _, p := checkImage(key, value); return p }},
		"tagged":     {Check: checkTagged},
		"size":       {Pattern: sizePattern, Valid: func(v string) bool { _, ok := Bytes(v); return ok }, Want: "a size", Rule: "invalid-size", Hint: Always(`for example "2GB"`)},
		"repository": {Check: checkRepository},
		"platform":   {Check: checkPlatform},
		"user":       {Pattern: userPattern, Refuse: checkUser, Check: checkUser},
		"secret":     {Pattern: secretIDPattern, Refuse: refuseSecret, Check: checkSecret},
		"index-name": {Pattern: indexNamePattern, Want: "letters, digits, '.', '_' and '-'"},
		"server-url": {Pattern: indexURLPattern, Refuse: checkServerURL, Check: checkServerURL},
		"index-url":  {Pattern: indexURLPattern, Refuse: checkIndexURL, Check: checkIndexURL},
		"system-package": {
			Pattern: systemPackagePattern, Want: `a Debian package, "name" or "name=version"`, Hint: Always(`for example "libgomp1"`),
		},
		"requirement":    {Pattern: ".", Refuse: checkRequirementItem, Check: checkRequirementItem},
		"override":       {Pattern: overridePattern, Refuse: refuseOverride},
		"left-out":       {Pattern: ".", Refuse: checkLeftOut, Check: checkLeftOut},
		"python-package": {Pattern: pythonPackagePattern, Want: "the name of a Python package, without a version"},
		"label": {
			Pattern: labelKeyPattern, Called: "label key", Want: "letters, digits, '.', '-', '_' and '/'", Hint: Always(`for example "com.example.team"`),
		},
		"target-name": {
			Pattern: dnsLabelPattern, Called: "target name",
			Want: "lower-case letters, digits and '-', at most 63, not starting or ending with '-'", Check: checkReserved,
		},
		"endpoint": {
			Pattern: endpointPattern,
			Want:    fmt.Sprintf("lower-case letters, digits and '-', at most %d, starting with a letter and not ending with '-'", longestEndpoint),
			Hint:    func(value, _ string) string { return fmt.Sprintf("for example %q", endpointName(value)) },
		},
	}
}

const wantEnvName = "letters, digits and '_', and not start with a digit"

func hintModelName(value, _ string) string {
	if near := ModelName(value); near != "" {
		return fmt.Sprintf("for example %q", near)
	}
	return ""
}

func refusePython(name, value string) Problem {
	p := Problem{
		Rule:    "invalid-python",
		Message: fmt.Sprintf(`%s %q must be a minor version, "3.%d" to "3.%d"`, name, value, oldestPython, newestPython),
	}
	if parts := strings.SplitN(value, ".", 3); len(parts) == 3 {
		if minor := parts[0] + "." + parts[1]; matches(pythonPattern, minor) {
			p.Hint = fmt.Sprintf("write %q: the lock pins the patch release", minor)
		}
	}
	return p
}

func refuseSecret(name, _ string) Problem {
	return Problem{
		// The value is not repeated: it may be the secret itself.
		"invalid-name", name + " must be the id of a build secret: letters, digits, '.', '_' and '-'",
		"give the value when building: --secret id=ID,src=FILE",
	}
}
