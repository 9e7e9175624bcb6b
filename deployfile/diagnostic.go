package deployfile

import (
	"fmt"
	"strings"
)

// Severity is error or warning.
type Severity string

// The severities: an error stops the work, a warning is only shown, and a note is a
// further place that an error or a warning is about.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
	SeverityNote    Severity = "note"
)

// Position is a place in a text: both numbers start at 1, and Column counts
// Unicode code points.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Range is a stretch of text. End is the place just after its last character,
// so a range with Start equal to End is empty.
type Range struct {
	Start Position `json:"start"`
	End   Position `json:"end"`
}

// Diagnostic is one finding about a Deployfile.
type Diagnostic struct {
	// Rule is the kebab-case id of the rule that was broken, stable across
	// releases.
	Rule string `json:"rule"`
	// Severity is error or warning.
	Severity Severity `json:"severity"`
	// Message is what is wrong, on one line.
	Message string `json:"message"`
	// Hint is what to do about it, on one line; it may be empty.
	Hint string `json:"hint,omitempty"`
	// File is the name that was given to Parse.
	File string `json:"file"`
	// Range is the part of the file that it is about.
	Range Range `json:"range"`
}

// String returns the diagnostic on one line: file:line:column, severity, message
// and hint.
func (d Diagnostic) String() string {
	s := d.header()
	if d.Hint != "" {
		s += "; " + d.Hint
	}
	return s
}

func (d Diagnostic) header() string {
	start := d.Range.Start
	return fmt.Sprintf("%s:%d:%d: %s: %s", d.File, start.Line, start.Column, d.Severity, d.Message)
}

// Errors are all the errors of one Deployfile, in the order of the text, and
// never empty when returned as an error.
type Errors []Diagnostic

// Error is one line for each of the errors.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, d := range e {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}
