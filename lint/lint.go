// Package lint holds the rules that say what would be better in a Deployfile
// and its model, though it builds. Each rule is data with a page in docs/rules/.
// The package is pure: what it judges, the date included, is given to it.
package lint

import (
	"cmp"
	"slices"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
)

// documentation is where the pages of the rules are read.
const documentation = "https://github.com/deployfile/deployfile/blob/main/"

// Rule is one thing that is looked for.
type Rule struct {
	// ID is kebab-case and stable across releases.
	ID string
	// Title is a noun phrase, Description one sentence.
	Title, Description string
	// Severity is that of the rule's findings.
	Severity deployfile.Severity
	// Check returns the findings, in any order; their Rule and Severity are
	// filled in by Run.
	Check func(Input) []Finding
}

// Page is the path of the rule's page in the repository.
func (r Rule) Page() string { return "docs/rules/" + r.ID + ".md" }

// URL is where the rule's page is read.
func (r Rule) URL() string { return documentation + r.Page() }

// Input is what the rules look at. Only File is required.
type Input struct {
	// File is the Deployfile, Warnings what deployfile.Parse warned of.
	File     *deployfile.File
	Warnings []deployfile.Diagnostic
	// Model is the model, nil if it was not read.
	Model *mlmodel.Model
	// Requirements and Constraints are what the Deployfile's own
	// requirements and constraints files say.
	Requirements, Constraints []mlmodel.Requirement
	// Lock is the lock, nil if there is none. Pylocks are its pylock files
	// by name.
	Lock    *resolver.Lock
	Pylocks map[string]*resolver.Pylock
	// Yanked maps the normalised name of each locked package whose version
	// was withdrawn from its index to the reason, which may be empty.
	Yanked map[string]string
	// Today is the date that end-of-life dates are compared with; nothing is
	// said of them if it is zero.
	Today time.Time
}

// Finding is one thing that was found.
type Finding struct {
	// Rule is the rule's ID.
	Rule     string              `json:"rule"`
	Severity deployfile.Severity `json:"severity"`
	// Message says what is wrong, Fix what to write instead, on one line each.
	Message string `json:"message"`
	Fix     string `json:"fix"`
	// Range is the part of the Deployfile that is meant, or that brings in
	// what is meant; the zero Range if it is the whole file.
	Range deployfile.Range `json:"range"`
	// File and Line say where it stands if that is not the Deployfile; File
	// is relative to the Deployfile's folder.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	// Replacement is what Range would read when fixed, "" if that cannot be
	// told.
	Replacement string `json:"replacement,omitempty"`
	// Secret says that Range holds what no output may show.
	Secret bool `json:"secret,omitempty"`
}

// Run applies all rules. The findings are in the order of the Deployfile.
func Run(in Input) []Finding {
	var out []Finding
	for _, r := range Rules() {
		for _, f := range r.Check(in) {
			f.Rule, f.Severity = r.ID, r.Severity
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Range.Start.Line, b.Range.Start.Line),
			cmp.Compare(a.Range.Start.Column, b.Range.Start.Column),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return out
}

// Failed says whether a finding is an error.
func Failed(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == deployfile.SeverityError })
}

// Diagnostic is the finding as the deployfile package draws it. Draw it on the
// source that Mask returns. name is the Deployfile's.
func (f Finding) Diagnostic(name string) deployfile.Diagnostic {
	d := deployfile.Diagnostic{
		Rule: f.Rule, Severity: f.Severity, Message: f.text(), Hint: f.Fix, File: name, Range: f.Range,
	}
	if d.Range == (deployfile.Range{}) {
		start := deployfile.Position{Line: 1, Column: 1}
		d.Range = deployfile.Range{Start: start, End: start}
	}
	return d
}
