package mlmodel

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/deployfile/deployfile/internal/redact"
	"github.com/deployfile/deployfile/internal/untrusted"
)

// ParseRequirements parses the requirements file at path, and the files that it
// includes, from fsys. The format is pip's, but whatever pip would take from
// its own machine (environment variables, absolute paths, editable projects) is
// refused. Faults are *SourceError. Paths of faults, of the result and of local
// files are relative to the root of fsys.
func ParseRequirements(fsys fs.FS, path string) (*RequirementsFile, []Warning, error) {
	p := newRequirementsParser(fsys, ".")
	p.model = false
	if err := p.readTop(path); err != nil {
		return nil, nil, p.withFaults(err)
	}
	if err := p.withFaults(nil); err != nil {
		return nil, nil, err
	}
	return &p.out, p.warnings, nil
}

// collect keeps a fault of a file that its author can change, to go on with the next
// line, and reports whether it could.
func (p *requirementsParser) collect(err error) bool {
	var fault *SourceError
	if p.model || !errors.As(err, &fault) || errors.Is(err, errLimit) || len(p.faults) == maxListed {
		return false
	}
	p.faults = append(p.faults, fault)
	return true
}

// withFaults returns the faults that were collected, and after them what ended the
// reading.
func (p *requirementsParser) withFaults(err error) error {
	all := p.faults
	var last *SourceError
	switch {
	case err == nil:
	case errors.As(err, &last):
		all = append(all, last)
	default:
		return err
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return all
}

// requirementsParser collects the contents of a requirements file and the files
// that it includes.
type requirementsParser struct {
	fsys fs.FS
	// root is the directory of local files.
	root string
	// model says that the files are a model's: nobody can change them.
	model    bool
	out      RequirementsFile
	warnings []Warning
	// foreign are the files of a model that are not UTF-8.
	foreign []string
	// faults are those of files that are not a model's.
	faults SourceErrors
	// items is what the items of YAML lists count for so far.
	items int
	// open are the files being read, outermost first.
	open []string
	// done are the files already read, as requirements and as constraints.
	done map[include]bool
	// seen has the values of options that are listed once, by option.
	seen map[option]bool
}

// Limits for a requirements file with the files that it includes: the size in
// bytes, and the number of requirements, names and other option values.
const (
	MaxRequirements = 8 << 20
	MaxEntries      = 100_000
)

// maxIncludes is how deep requirements files may include each other.
const maxIncludes = 100

// counted counts an entry and refuses it beyond the limit.
func (p *requirementsParser) counted(file string, l line) error {
	if p.out.Entries++; p.out.Entries > MaxEntries {
		e := newSourceError(file, l.number, l.text, fmt.Sprintf("there are more than %d requirements and options", MaxEntries), p.less(file, "take some out"))
		e.Err = errLimit
		return e
	}
	return nil
}

// less says what to do about a file that has too much: in a model nobody can take
// something out.
func (p *requirementsParser) less(file, hint string) string {
	if p.model {
		return leaveOut(file)
	}
	return hint
}

// include is one file in one of its two uses.
type include struct {
	path       string
	constraint bool
}

// source is where logical lines come from.
type source struct {
	file       string
	constraint bool
}

// newRequirementsParser returns a parser for the files of a model.
func newRequirementsParser(fsys fs.FS, root string) *requirementsParser {
	return &requirementsParser{fsys: fsys, root: root, model: true, done: map[include]bool{}, seen: map[option]bool{}}
}

func (p *requirementsParser) readTop(name string) error {
	if !fs.ValidPath(path.Clean(name)) {
		return newSourceError(name, 0, "", "the path leaves the directory that is read", "use a relative path without ..")
	}
	return p.readFile(path.Clean(name), false)
}

// readFile reads a file once for each of its two uses.
func (p *requirementsParser) readFile(name string, constraint bool) error {
	use := include{name, constraint}
	if p.done[use] {
		return nil
	}
	p.done[use] = true
	data, err := untrusted.ReadFile(p.fsys, name, MaxRequirements)
	if err != nil {
		return readError(name, err, p.model)
	}
	if p.out.Size += len(data); p.out.Size > MaxRequirements {
		return newSourceError(name, 0, "", fmt.Sprintf("with the files before it, which include each other, it is larger than %d MiB", MaxRequirements>>20),
			p.less(name, "take out a -r or -c line"))
	}
	if !p.done[include{name, !constraint}] {
		p.out.Files = append(p.out.Files, name)
	}
	hint := "save the file as UTF-8"
	if p.model {
		hint = leaveOut(name)
		if !utf8.Valid(data) {
			p.foreign = append(p.foreign, name)
		}
	}
	if data, err = decode(name, data, hint); err != nil {
		return err
	}
	p.open = append(p.open, name)
	defer func() { p.open = p.open[:len(p.open)-1] }()
	return p.parse(source{name, constraint}, logicalLines(data))
}

// readError says why a file cannot be read. Nobody can put another in the place of one
// of a model.
func readError(name string, err error, model bool) error {
	e := newSourceError(name, 0, "", "cannot be read", "")
	e.Err = err
	if errors.Is(err, fs.ErrNotExist) {
		e.Message = "there is no such file"
	} else {
		e.Message = redact.Cut("cannot be read: " + untrusted.Reason(err))
	}
	if untrusted.Refused(err) {
		e.Message = redact.Cut(strings.TrimPrefix(err.Error(), name+" "))
		if model {
			e.Message, _, _ = strings.Cut(e.Message, "; ")
		}
	}
	if model {
		e.Hint = again(name)
	}
	return e
}

func (p *requirementsParser) parse(from source, lines []line) error {
	for _, l := range lines {
		l.text = strings.ReplaceAll(l.text, "\t", " ")
		if redact.HasCredential(l.text) {
			if err := p.credentialError(from.file, l); !p.collect(err) {
				return err
			}
			continue
		}
		if err := p.parseLine(from, l); err != nil && !p.refuse(from, l, err) && !p.collect(err) {
			return err
		}
	}
	return nil
}

func (p *requirementsParser) parseLine(from source, l line) error {
	if v := variable.FindString(l.text); v != "" {
		return newSourceError(from.file, l.number, l.text,
			fmt.Sprintf("%s would be taken from the environment, which a build does not look at", v), secretHint)
	}
	text, rest := splitOptions(l.text)
	options, err := parseOptions(from.file, line{l.number, rest}, text != "")
	if err != nil {
		return err
	}
	if text == "" {
		return p.applyOptions(from, l, options)
	}
	if err := p.counted(from.file, l); err != nil {
		return err
	}
	r, err := p.parseRequirement(from.file, line{l.number, text})
	if err != nil {
		return err
	}
	if r.Hashes, err = hashes(from.file, l, options); err != nil {
		return err
	}
	if p.model && r.Name == "pkg-resources" && r.Specifier == "==0.0.0" {
		p.warn(from.file, l.number, "%s is left out: pip freeze lists it on Debian and Ubuntu, and no index has it", r.Text)
		return nil
	}
	p.add(from, r)
	return nil
}

func (p *requirementsParser) add(from source, r Requirement) {
	if from.constraint {
		p.out.Constraints = append(p.out.Constraints, r)
	} else {
		p.out.Requirements = append(p.out.Requirements, r)
	}
}

// include reads the file of a -r or -c line; its path is relative to the
// including file.
func (p *requirementsParser) include(from source, l line, value string, constraint bool) error {
	fault := func(message, hint string) error {
		return newSourceError(from.file, l.number, l.text, message, hint)
	}
	if strings.Contains(value, "://") || strings.HasPrefix(value, "file:") {
		return fault("an included file must be a local one", "download it and put it beside this file")
	}
	name, ok := localPath(path.Dir(from.file), value)
	if !ok {
		return fault(fmt.Sprintf("the included file %q is outside the directory that is read", value),
			"put it beside this file and name it by a relative path")
	}
	if len(p.open) > maxIncludes {
		return fault(fmt.Sprintf("more than %d files include each other", maxIncludes), "put their lines into one file")
	}
	if i := slices.Index(p.open, name); i >= 0 {
		chain := strings.Join(append(slices.Clone(p.open[i:]), name), " → ")
		return fault("requirements files include each other: "+chain, "take out one of the -r or -c lines")
	}
	if info, err := fs.Stat(p.fsys, name); err != nil || info.IsDir() {
		e := newSourceError(from.file, l.number, l.text, fmt.Sprintf("there is no file %s to include", name),
			"the path is relative to "+from.file)
		e.Err = err
		return e
	}
	return p.readFile(name, constraint)
}

// localPath joins a path as written to its directory, and refuses an absolute
// path or one outside the root. Windows' separators count, because models are
// logged there, too.
func localPath(dir, value string) (string, bool) {
	value = strings.ReplaceAll(value, `\`, "/")
	if value == "" || path.IsAbs(value) || len(value) > 1 && value[1] == ':' {
		return "", false
	}
	name := path.Join(dir, value)
	return name, fs.ValidPath(name)
}

func (p *requirementsParser) warn(file string, number int, format string, args ...any) {
	p.warnings = append(p.warnings, Warning{File: file, Line: number, Message: redact.Cut(fmt.Sprintf(format, args...))})
}
