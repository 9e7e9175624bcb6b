package deployfile

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
	"github.com/deployfile/deployfile/internal/redact"
	"github.com/deployfile/deployfile/internal/untrusted"
)

// MaxSize is the size of the largest Deployfile, in bytes.
const MaxSize = 256 << 10

// A Deployfile is written by hand. The limits keep a hostile text from nesting
// so deep that the TOML library works for minutes or the stack ends. maxMarks is
// for one statement, that is a table's header, or a key and its value.
const (
	maxMarks    = 100
	maxAllMarks = 10_000
)

// Parse decodes and validates the text of a Deployfile; name is the file name
// that diagnostics carry, and kinds are the kinds that targets may have. It
// returns the file with its defaults filled in and the warnings. When anything
// is wrong the file is nil and the error is of type Errors, with all that was
// found.
func Parse(name string, data []byte, kinds []Kind) (*File, []Diagnostic, error) {
	return ParseWithArgs(name, data, kinds, nil)
}

// ParseWithArgs is Parse with values for the arguments that the file declares
// below [args]; others are ignored.
func ParseWithArgs(name string, data []byte, kinds []Kind, args map[string]string) (*File, []Diagnostic, error) {
	r := newReport(name, data, kinds)
	r.given = args
	file := r.parse()
	warnings, errs := r.sorted()
	if len(errs) > 0 {
		return nil, warnings, errs
	}
	return file, warnings, nil
}

func (r *report) parse() *File {
	source := r.index.text.data
	if len(source) > MaxSize {
		r.syntax(span{}, fmt.Sprintf("the file is larger than %d KiB", MaxSize>>10), "")
		return nil
	}
	if at := invalidUTF8(source); at >= 0 {
		r.syntax(span{at, at + 1}, "the file is not UTF-8 text", "save it with UTF-8 encoding")
		return nil
	}
	if err := checkStructure(source); err != nil {
		at := span{err.Offset, err.Offset + 1}
		if err.Measure == untrusted.Marks {
			r.syntax(at, fmt.Sprintf("the file has more than %d brackets and dots", err.Limit), "")
		} else {
			r.syntax(at, fmt.Sprintf("this key and its value have more than %d brackets and dots", err.Limit),
				"write tables with headers of their own")
		}
		return nil
	}
	var tree map[string]any
	if _, err := toml.Decode(string(source), &tree); err != nil {
		r.syntaxError(err)
		return nil
	}
	r.index.root = scan(source)
	if r.only != nil {
		part(tree, *r.only)
	}
	r.tree = tree
	r.args = declaredArgs(tree, r.given)
	file := &File{index: &r.index}
	r.tables(nil, tree, reflectOf(file))
	file.fillDefaults()
	r.validate(file)
	file.complete()
	return file
}

// checkStructure returns nil for a text that the TOML library can be given.
func checkStructure(source []byte) *untrusted.StructureError {
	err := untrusted.CheckTOML(source, untrusted.TOMLLimits{Statement: maxMarks, Marks: maxAllMarks})
	var excess *untrusted.StructureError
	errors.As(err, &excess)
	return excess
}

func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// report collects diagnostics, at most one for each place of the text.
type report struct {
	name  string
	index index
	tree  map[string]any
	seen  map[string]bool
	found []Diagnostic
	count map[Severity]int
	// misspelt has the paths of keys that are there under a similar name.
	misspelt map[string]bool
	// kinds are those that targets may have, formats those that keys of any
	// table name.
	kinds   []Kind
	formats map[string]Format
	// only are the targets of ParseForTargets, nil for Parse.
	only *[]string
	// patterns are those that were used before.
	patterns map[string]*regexp.Regexp
	// given are the build's arguments, args the values of the declared ones.
	given, args map[string]string
	// hidden are ranges whose lines no other diagnostic may draw.
	hidden []Range
}

func newReport(name string, data []byte, kinds []Kind) *report {
	return &report{
		name: name, index: index{text: newText(data), root: &node{}}, seen: map[string]bool{}, misspelt: map[string]bool{},
		kinds: kinds, formats: formats(), patterns: map[string]*regexp.Regexp{},
	}
}

// maxFound is how many errors, and how many warnings, are reported: nobody reads
// more, and a hostile text has as many as it has keys.
const maxFound = 1000

// full reports whether the limit of errors is reached.
func (r *report) full() bool { return r.count[SeverityError] >= maxFound }

func (r *report) add(severity Severity, where Range, p Problem) {
	// Rendering masks the credentials that were reported, so none may be dropped.
	if r.count[severity] >= maxFound && p.Rule != ruleCredential {
		return
	}
	if r.count == nil {
		r.count = map[Severity]int{}
	}
	r.count[severity]++
	r.found = append(r.found, Diagnostic{
		Rule: p.Rule, Severity: severity, Message: redact.Mask(p.Message), Hint: redact.Mask(p.Hint),
		File: r.name, Range: where,
	})
}

func (r *report) said(path ...string) bool { return r.seen[strings.Join(path, "\x00")] }

// written reports whether the text has the key and nothing was reported of it yet.
func (r *report) written(path ...string) bool { return r.index.has(path) && !r.said(path...) }

// first reports whether nothing was reported of the path before: consequences of a
// first error would only distract.
func (r *report) first(path []string) bool {
	id := strings.Join(path, "\x00")
	first := !r.seen[id]
	r.seen[id] = true
	return first
}

func (r *report) atValue(p Problem, path ...string) {
	if r.first(path) {
		r.add(SeverityError, r.index.value(path), p)
	}
}

func (r *report) atKey(p Problem, path ...string) {
	if r.first(path) {
		r.add(SeverityError, r.index.key(path), p)
	}
}

// atLine reports at a line, from 1, of a value that is a text; line 0 is all of
// it.
func (r *report) atLine(line int, p Problem, path []string) {
	if r.first(path) {
		r.add(SeverityError, r.index.lineOf(path, line), p)
	}
}

func (r *report) warn(p Problem, path ...string) {
	if r.first(path) {
		r.add(SeverityWarning, r.index.value(path), p)
	}
}

func (r *report) syntax(where span, message, hint string) {
	r.add(SeverityError, r.index.text.rangeOf(where), Problem{"syntax", message, hint})
}

func (r *report) sorted() (warnings []Diagnostic, errs Errors) {
	slices.SortStableFunc(r.found, func(a, b Diagnostic) int {
		return comparePositions(a.Range.Start, b.Range.Start)
	})
	for _, d := range r.found {
		if d.Rule != ruleCredential && r.drawsHidden(d.Range) {
			continue
		}
		if d.Severity == SeverityError {
			errs = append(errs, d)
		} else {
			warnings = append(warnings, d)
		}
	}
	return warnings, errs
}

func (r *report) drawsHidden(drawn Range) bool {
	return slices.ContainsFunc(r.hidden, func(hidden Range) bool {
		return drawn.Start.Line <= hidden.End.Line && drawn.End.Line >= hidden.Start.Line
	})
}

func comparePositions(a, b Position) int {
	if a.Line != b.Line {
		return a.Line - b.Line
	}
	return a.Column - b.Column
}
