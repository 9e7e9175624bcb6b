// Package linediff compares documents for the Diff of a change.
package linediff

import (
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// Lines returns the lines that differ, each with "+" or "-" in front.
func Lines(before, after []byte) string {
	if len(before) == 0 {
		// The comparison has a header line, and then all of it.
		before = []byte{'\n'}
	}
	var out strings.Builder
	for i, line := range strings.SplitAfter(string(diff.Diff("", before, "", after)), "\n") {
		// The first three lines are the names of the two files.
		if i > 2 && (strings.HasPrefix(line, "+") || strings.HasPrefix(line, "-") && line != "-\n") {
			out.WriteString(line)
		}
	}
	return out.String()
}
