package mlmodel

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/internal/redact"
)

// Refused is a line of a model's requirements that cannot be installed as it is.
// The line stays as it was logged: [environment] without or override of the
// Deployfile replaces it, and Err says so.
type Refused struct {
	// Name is the normalised name of the project, "" if the line does not tell it.
	Name string
	// Text is the line without its comment.
	Text string
	Err  *SourceError
}

// maxRefused limits the lines that a Deployfile may replace one by one, maxListed
// those that one error lists.
const (
	maxRefused = 1000
	maxListed  = 100
	// maxQuoted is the length of a line that an error repeats, in bytes.
	maxQuoted = 300
)

// errLimit is the cause of an error that no key of the Deployfile mends.
var errLimit = errors.New("too much")

// refuse records the fault of a line of a model, and reports whether it could: a
// fault of another line, or one that no key mends, is an error.
func (p *requirementsParser) refuse(from source, l line, err error) bool {
	var fault *SourceError
	if !p.model || !errors.As(err, &fault) || fault.File != from.file || fault.Line != l.number || errors.Is(err, errLimit) || len(p.out.Refused) == maxRefused {
		return false
	}
	r := Refused{Name: projectName(l.text), Text: l.text, Err: fault}
	fault.Hint = r.hint(fault.Hint)
	p.out.Refused = append(p.out.Refused, r)
	return true
}

// optionHints say what takes the place of an option that is refused.
func optionHints() map[string]string {
	return map[string]string{
		"-e": "put the project's code under code", "--editable": "put the project's code under code",
		"--index-url": declareIndex, "-i": declareIndex, "--extra-index-url": declareIndex,
	}
}

const declareIndex = `declare the index under [[environment.indexes]], with secret = "…" if it needs a credential`

// hint says which keys mend the line, and where it may help what was wrong with it.
func (r Refused) hint(reason string) string {
	if r.Name != "" {
		return fmt.Sprintf("in [environment] of the Deployfile, write override = [%q] for another version or place, or without = [%q] to leave it out",
			r.Name+"=="+versionIn(r.Text), r.Name)
	}
	hint := fmt.Sprintf("in [environment] of the Deployfile, write without = [%s] to leave the line out", quoted(r.Text))
	option, _, _ := strings.Cut(strings.ReplaceAll(r.Text, "=", " "), " ")
	if more, ok := optionHints()[option]; ok {
		return hint + ", and " + more
	}
	if !strings.HasPrefix(r.Text, "-") {
		return hint + ", and name what takes its place under requirements"
	}
	if strings.HasPrefix(reason, "did you mean") {
		return hint + "; " + reason
	}
	return hint
}

// quoted is a text as TOML has it. A text with what may be a credential is not
// repeated.
func quoted(text string) string {
	plain := variableUser.ReplaceAllString(text, "//")
	if redact.Cut(plain) != plain || strings.ContainsFunc(text, isControl) || len(text) > maxQuoted {
		return `"the line as it is written"`
	}
	// Here ${NAME} is the model's own, not an argument of the Deployfile.
	text = strings.ReplaceAll(text, "${", "$${")
	if strings.ContainsAny(text, `"\`) && !strings.Contains(text, "'") {
		return "'" + text + "'"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

var variableUser = regexp.MustCompile(`//\$\{[A-Za-z0-9_]+\}(?::\$\{[A-Za-z0-9_]+\})?@`)

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

var (
	leadingName = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:$|[\[(<>=!~;,@\s])`)
	eggName     = regexp.MustCompile(`[#&]egg=([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)`)
	fileVersion = regexp.MustCompile(`/[A-Za-z0-9._]+-([0-9][A-Za-z0-9.!+_]*)(?:-[^/]*\.whl|\.tar\.gz|\.zip)`)
	pinnedTo    = regexp.MustCompile(`===?\s*([A-Za-z0-9.!+_-]+)|^[A-Za-z0-9._-]+\s*=\s*([0-9][A-Za-z0-9.!+_-]*)`)
)

// projectName returns the normalised name of the project that a line installs, ""
// if it does not tell.
func projectName(text string) string {
	if first, _, _ := strings.Cut(text, " "); len(first) > maxQuoted {
		return ""
	}
	if m := leadingName.FindStringSubmatch(text); m != nil && !isArchive(m[1]) {
		return pypi.CanonPackageName(m[1])
	}
	if m := eggName.FindStringSubmatch(text); m != nil {
		return pypi.CanonPackageName(m[1])
	}
	target, _, _ := strings.Cut(text, "#")
	if w, err := pypi.ParseWheelName(path.Base(slashed(target))); err == nil && !strings.HasPrefix(text, "-") {
		return pypi.CanonPackageName(w.Name)
	}
	return ""
}

// anyVersion is for the user to fill in.
const anyVersion = "VERSION"

// versionIn returns the version that a line names in some way, else anyVersion.
func versionIn(text string) string {
	for _, pattern := range []*regexp.Regexp{fileVersion, pinnedTo} {
		m := pattern.FindStringSubmatch(slashed(text))
		if m == nil {
			continue
		}
		if version := strings.Join(m[1:], ""); checkSpecifier("=="+version) == nil {
			return version
		}
	}
	return anyVersion
}

// RefusedError returns one error for refused lines, which are not empty: that of
// the first, with the keys that mend all of them.
func RefusedError(lines []Refused) *SourceError {
	first := lines[0].Err
	if len(lines) == 1 {
		return first
	}
	var override, without []string
	open := false
	for _, r := range lines[:min(len(lines), maxListed)] {
		switch version := versionIn(r.Text); {
		case r.Name != "" && version == anyVersion && strings.Contains(r.Text, "file:"):
			// As conda's pip freeze has it: to leave out a package that others require
			// would break them.
			override = append(override, fmt.Sprintf("%q", r.Name+">=0"))
			open = true
		case r.Name != "" && version != anyVersion:
			override = append(override, fmt.Sprintf("%q", r.Name+"=="+version))
		case r.Name != "":
			without = append(without, fmt.Sprintf("%q", r.Name))
		default:
			without = append(without, quoted(r.Text))
		}
	}
	var keys []string
	for _, k := range []struct {
		name  string
		items []string
	}{{"override", override}, {"without", without}} {
		if len(k.items) > 0 {
			keys = append(keys, fmt.Sprintf("%s = [%s]", k.name, strings.Join(k.items, ", ")))
		}
	}
	e := *first
	more := "one more line"
	if n := len(lines) - 1; n > 1 {
		more = fmt.Sprintf("%d more lines", n)
	}
	e.Message += "; " + more + " cannot be installed either"
	e.Hint = "for all of them, write in [environment] of the Deployfile: " + strings.Join(keys, " and ")
	if open {
		e.Hint += " (>=0 is any version; write ==VERSION where it matters)"
	}
	return &e
}

// ParseRequirement parses one requirement of a Deployfile, the item of the given
// number of its list. Paths are relative to the root of fsys.
func ParseRequirement(fsys fs.FS, text string, number int) (Requirement, error) {
	p := newRequirementsParser(fsys, ".")
	p.model = false
	lines := logicalLines([]byte(text))
	if len(lines) != 1 || strings.HasPrefix(lines[0].text, "-") {
		return Requirement{}, fmt.Errorf("%q is not a requirement; write it as name==version", redact.Cut(text))
	}
	err := p.withFaults(p.parse(source{}, lines))
	var fault *SourceError
	if errors.As(err, &fault) {
		return Requirement{}, errors.New(strings.TrimSuffix(fault.Message+"; "+fault.Hint, "; "))
	}
	if err != nil {
		return Requirement{}, err
	}
	r := p.out.Requirements[0]
	r.Line = number
	return r, nil
}
