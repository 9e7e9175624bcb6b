package resolver

import (
	"regexp"
	"strings"
)

// What uv says of requirements that it cannot meet, in the words of uvVersion;
// testdata has what it says in full. scripts/resolve.py matches "No solution found".
// Where a later uv says it otherwise, an error points at [environment] instead of
// the lines of the requirements.
var (
	required     = regexp.MustCompile(`you require (.*?), we can conclude`)
	requiredName = regexp.MustCompile(`(?:^|\band |, )([a-z0-9][a-z0-9._-]*)`)
	wheelsOf     = regexp.MustCompile("[Ww]heels (?:are (?:available|required) )?for `([a-z0-9][a-z0-9._-]*)`")
)

// inOurWords replaces what uv says of its own flags and of the files that the steps
// write for it: whoever reads it has neither.
func inOurWords(said string) string {
	for _, t := range translations() {
		said = t.uv.ReplaceAllString(said, t.ours)
	}
	return strings.TrimRight(said, "\n")
}

type translation struct {
	uv   *regexp.Regexp
	ours string
}

// translations are in the words of uvVersion, too.
func translations() []translation {
	return []translation{
		{regexp.MustCompile(`\bdeployfile-pins(==0| \(v0\))?`), "the Deployfile"},
		// An error of package frontend says it, with the name of the index's secret.
		{regexp.MustCompile(`(?m)^hint: An index (URL )?\(\S+\) (could not be queried due to|returned a 403).*\n?`), ""},
		// So does one about certificates.
		{regexp.MustCompile(`(?m)^\s*hint: Consider enabling use of system TLS certificates.*\n?`), ""},
		{regexp.MustCompile("\\(try: `--prerelease=allow`\\)"), "(write --pre in a requirements file, or the version itself)"},
		{regexp.MustCompile(`(?m)^hint: Packages were unavailable because index lookups were disabled.*$`),
			"hint: --no-index in a requirements file keeps packages from being looked for in indexes; name a directory of wheels with --find-links beside it"},
		{regexp.MustCompile("because building from source is disabled for (all packages|`[^`]+`) \\(i\\.e\\., with `--no-build(-package [^`]+)?`\\)"),
			"because only wheels are allowed for $1"},
	}
}

// Unsatisfiable returns the names of the requirements that cannot be met together,
// as far as uv names them; none for a step that failed for another reason.
func (e *StepError) Unsatisfiable() []string {
	if e.Kind != "unsatisfiable" || !strings.HasPrefix(e.Step, "resolve ") {
		return nil
	}
	said := strings.Join(strings.Fields(e.Message), " ")
	var out []string
	for _, m := range required.FindAllStringSubmatch(said, -1) {
		for _, name := range requiredName.FindAllStringSubmatch(m[1], -1) {
			out = append(out, name[1])
		}
	}
	for _, m := range wheelsOf.FindAllStringSubmatch(said, -1) {
		out = append(out, m[1])
	}
	return out
}
