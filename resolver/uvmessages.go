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
