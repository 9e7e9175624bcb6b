// Package suggest finds the name that was probably meant by one that is unknown,
// for "did you mean".
package suggest

import (
	"fmt"
	"strings"

	"github.com/agext/levenshtein"
)

// Closest returns the candidate that was most likely meant, or "": the one with
// the fewest edits, at most a third of the word, or two in a short one, since
// swapped letters are two. Of equally close ones it is the first.
func Closest(given string, candidates []string) string {
	const longest = 100 // no candidate is half as long
	if len(given) > longest {
		return ""
	}
	given = strings.ReplaceAll(strings.ToLower(given), "_", "-")
	best, fewest := "", max(min(2, len(given)/2), len(given)/3)+1
	for _, candidate := range candidates {
		if d := levenshtein.Distance(given, candidate, nil); d < fewest {
			best, fewest = candidate, d
		}
	}
	return best
}

// OneOf returns the hint for a name that is none of the known ones, of which there is
// at least one.
func OneOf(given string, known []string) string {
	if near := Closest(given, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "use " + Alternatives(known)
}

// Alternatives lists names in a message: "a", "b" or "c".
func Alternatives(known []string) string {
	quoted := make([]string, len(known))
	for i, k := range known {
		quoted[i] = fmt.Sprintf("%q", k)
	}
	last := len(quoted) - 1
	if last == 0 {
		return quoted[0]
	}
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}
