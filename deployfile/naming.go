package deployfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

func join(path []string, part string) []string {
	return append(slices.Clip(path), part)
}

// describe is how messages call a key: port of [server] is "server.port".
func describe(path []string) string {
	var b strings.Builder
	for i, part := range path {
		switch {
		case i > 0 && isNumber(part):
			fmt.Fprintf(&b, "[%s]", part)
		case i > 0:
			b.WriteString("." + bareOrQuoted(part))
		default:
			b.WriteString(bareOrQuoted(part))
		}
	}
	return b.String()
}

func bareOrQuoted(part string) string {
	for _, c := range part {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			return fmt.Sprintf("%q", part)
		}
	}
	if part == "" {
		return `""`
	}
	return part
}

// closest returns the candidate that was most likely meant, or "": the one
// with the fewest edits, at most a third of the word, or two in a short one,
// since swapped letters are two.
func closest(given string, candidates []string) string {
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

// didYouMean is the hint for a value that is none of the known ones.
func didYouMean(given string, known []string) string {
	if near := closest(given, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "use " + Alternatives(known)
}

// Alternatives lists values in a message: "a", "b" or "c".
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
