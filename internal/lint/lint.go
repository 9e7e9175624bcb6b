// Package lint has the rules for a Deployfile and model that build but could be
// better. Each rule is data with a page in docs/rules/. The package is pure:
// all input, including the date, is an argument.
package lint

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/resolver"
)

// documentation is the base URL of the rules' pages.
const documentation = "https://github.com/deployfile/deployfile/blob/main/"

// Rule is one check.
type Rule struct {
	// ID is kebab-case and stable across releases.
	ID string
	// Title is a noun phrase, Description one sentence.
	Title, Description string
	// Severity is the severity of the rule's findings.
	Severity deployfile.Severity
	// Check returns the findings, in any order; their Rule and Severity are
	// filled in by Run.
	Check func(Input) []Finding
}

// Page returns the path of the rule's page in the repository.
func (r Rule) Page() string { return "docs/rules/" + r.ID + ".md" }

// URL returns the address of the rule's page.
func (r Rule) URL() string { return documentation + r.Page() }

// Input is the input of the rules. Only File is required.
type Input struct {
	// File is the Deployfile, Warnings are the warnings of deployfile.Parse.
	File     *deployfile.File
	Warnings []deployfile.Diagnostic
	// Model is the model, nil if it was not read.
	Model *mlmodel.Model
	// Requirements and Constraints come from the Deployfile's own requirements and
	// constraints files.
	Requirements, Constraints []mlmodel.Requirement
	// Lock is the lock, nil without one. Pylocks has its pylock files by name.
	Lock    *resolver.Lock
	Pylocks map[string]*resolver.Pylock
	// Yanked maps the normalised name of each locked package whose version was
	// yanked from its index to the reason, which may be empty.
	Yanked map[string]string
	// ModelNow is what the model's source stands for today, nil if nobody was asked.
	ModelNow *modelsource.Pin
	// Builder is the platform that an image is for if nothing names one, "" if that is not
	// known.
	Builder string
	// Today is compared with end-of-life dates; the zero time skips that check.
	Today time.Time
}

// Finding is one violation of a rule.
type Finding struct {
	// Rule is the rule's ID.
	Rule     string              `json:"rule"`
	Severity deployfile.Severity `json:"severity"`
	// Message says what is wrong, Fix what to write instead, on one line each.
	Message string `json:"message"`
	Fix     string `json:"fix"`
	// Range is the part of the Deployfile at fault, or the part that names the
	// file at fault; the zero Range for the whole file.
	Range deployfile.Range `json:"range"`
	// File and Line are the position if it is not in the Deployfile; File is
	// relative to the Deployfile's directory.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	// Replacement is the text that fixes Range, "" if there is no such text.
	Replacement string `json:"replacement,omitempty"`
	// Secret says that Range contains a secret, which no output may show.
	Secret bool `json:"secret,omitempty"`
}

// Run applies all rules, and passes on what else deployfile.Parse warns of, such as what a
// kind of target says about its keys. The findings are in the order of the Deployfile.
func Run(in Input) []Finding {
	var out []Finding
	rules := map[string]bool{}
	for _, r := range Rules() {
		rules[r.ID] = true
		for _, f := range r.Check(in) {
			f.Rule, f.Severity = r.ID, r.Severity
			out = append(out, f)
		}
	}
	for _, d := range in.Warnings {
		if !rules[d.Rule] {
			out = append(out, Finding{Rule: d.Rule, Severity: d.Severity, Message: d.Message, Fix: d.Hint, Range: d.Range})
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

// Failed reports whether a finding is an error.
func Failed(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == deployfile.SeverityError })
}

// Diagnostic returns the finding for deployfile.Render. Render it on the source
// that Mask returns. name is the name of the Deployfile.
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

// WithoutRule returns a message without the rule in front of it, as BuildKit's clients
// show rules.
func WithoutRule(message string) string {
	id, rest, ok := strings.Cut(message, ": ")
	if ok && slices.ContainsFunc(Rules(), func(r Rule) bool { return r.ID == id }) {
		return rest
	}
	return message
}
