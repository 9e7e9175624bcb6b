// Package listing writes lists into messages.
package listing

import (
	"fmt"
	"strings"
)

// Quoted lists values in quotes: "a", "b".
func Quoted(values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = fmt.Sprintf("%q", v)
	}
	return strings.Join(quoted, ", ")
}

// First lists the first twelve or so of values, which may be untrusted and
// any number: a, b and 3 more.
func First(values []string) string {
	const shown = 12
	if len(values) == shown+1 {
		// It would take as long to say that there is one more.
		return UpTo(len(values), values)
	}
	return UpTo(shown, values)
}

// UpTo lists no more than n values, and says how many more there are.
func UpTo(n int, values []string) string {
	if len(values) <= n {
		return strings.Join(values, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(values[:n], ", "), len(values)-n)
}
