package mlmodel

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"unicode"

	"deps.dev/util/pypi"
	"github.com/agext/levenshtein"
	"github.com/deployfile/deployfile/internal/redact"
	"github.com/google/shlex"
)

// optionKind describes an option of pip's requirements file format.
type optionKind struct {
	// name is the long form.
	name string
	// value is set if the option takes a value, each if it follows a requirement.
	value, each bool
}

// optionKinds maps every name of the options that pip allows in a requirements
// file.
func optionKinds() map[string]optionKind {
	kinds := map[string]optionKind{}
	add := func(k optionKind, names ...string) {
		for _, n := range append(names, k.name) {
			kinds[n] = k
		}
	}
	add(optionKind{name: "--requirement", value: true}, "-r")
	add(optionKind{name: "--constraint", value: true}, "-c")
	add(optionKind{name: "--editable", value: true}, "-e")
	add(optionKind{name: "--index-url", value: true}, "-i", "--pypi-url")
	add(optionKind{name: "--extra-index-url", value: true})
	add(optionKind{name: "--find-links", value: true}, "-f")
	add(optionKind{name: "--no-index"})
	add(optionKind{name: "--no-binary", value: true})
	add(optionKind{name: "--only-binary", value: true})
	add(optionKind{name: "--prefer-binary"})
	add(optionKind{name: "--pre"})
	add(optionKind{name: "--require-hashes"})
	add(optionKind{name: "--trusted-host", value: true})
	add(optionKind{name: "--use-feature", value: true})
	add(optionKind{name: "--hash", value: true, each: true})
	add(optionKind{name: "--config-settings", value: true, each: true}, "-C", "--config-setting")
	add(optionKind{name: "--global-option", value: true, each: true})
	add(optionKind{name: "--install-option", value: true, each: true})
	return kinds
}

// option is an option as written; name is its long form.
type option struct{ name, value string }

// splitOptions splits a logical line where its options begin: at the first word
// that starts with a dash.
func splitOptions(text string) (requirement, options string) {
	if strings.HasPrefix(text, "-") {
		return "", text
	}
	for i := 1; i < len(text); i++ {
		if text[i] == '-' && (text[i-1] == ' ' || text[i-1] == '\t') {
			return strings.TrimSpace(text[:i]), text[i:]
		}
	}
	return text, ""
}

// parseOptions parses options; each says that they follow a requirement.
func parseOptions(file string, l line, each bool) ([]option, error) {
	fault := func(message, hint string) error {
		return newSourceError(file, l.number, l.text, message, hint)
	}
	if l.text == "" {
		return nil, nil
	}
	words, err := shlex.Split(l.text)
	if err != nil {
		return nil, fault("a quote is not closed", "")
	}
	kinds := optionKinds()
	var options []option
	for i := 0; i < len(words); i++ {
		name, value, given := words[i], "", false
		switch {
		case strings.HasPrefix(name, "--"):
			name, value, given = strings.Cut(name, "=")
		case strings.HasPrefix(name, "-") && len(name) > 2:
			name, value, given = name[:2], strings.TrimPrefix(name[2:], "="), true
		case !strings.HasPrefix(name, "-"):
			return nil, fault(fmt.Sprintf("%q follows an option", redact.Cut(name)), "write one requirement or one option per line")
		}
		kind, known := kinds[name]
		if !known {
			return nil, fault("unknown option "+name, suggest(name, kinds))
		}
		if kind.each != each {
			if each {
				return nil, fault(kind.name+" follows a requirement", "put it on its own line")
			}
			return nil, fault(kind.name+" has no requirement", "put it after the requirement that it applies to")
		}
		if !kind.value && given {
			return nil, fault(kind.name+" takes no value", "")
		}
		if kind.value && !given {
			if i++; i < len(words) {
				value = words[i]
			}
		}
		if kind.value && value == "" {
			return nil, fault(kind.name+" lacks its value", "")
		}
		options = append(options, option{kind.name, value})
	}
	return options, nil
}

// suggest returns the known option most similar to name.
func suggest(name string, kinds map[string]optionKind) string {
	const alike, longest = 0.6, 100
	if len(name) > longest {
		return "take it out"
	}
	best, score := "", alike
	for known := range kinds {
		s := levenshtein.Match(name, known, nil)
		if s > score || s == score && known < best {
			best, score = known, s
		}
	}
	if best == "" {
		return "take it out"
	}
	return fmt.Sprintf("did you mean %s?", best)
}

// applyOptions applies the options of a line without a requirement.
func (p *requirementsParser) applyOptions(from source, l line, options []option) error {
	fault := func(message, hint string) error {
		return newSourceError(from.file, l.number, l.text, message, hint)
	}
	for _, o := range options {
		err := p.counted(from.file, l)
		if err != nil {
			return err
		}
		switch o.name {
		case "--requirement":
			err = p.include(from, l, o.value, false)
		case "--constraint":
			err = p.include(from, l, o.value, true)
		case "--editable":
			err = p.editable(from, l, o.value)
		case "--index-url":
			if err = checkURL(o.value); err == nil {
				if p.out.IndexURL != "" && p.out.IndexURL != o.value {
					p.warn(from.file, l.number, "a second --index-url replaces the first, %s", p.out.IndexURL)
				}
				p.out.IndexURL = o.value
			}
		case "--extra-index-url":
			if err = checkURL(o.value); err == nil {
				p.addOnce(o.name, &p.out.ExtraIndexURLs, o.value)
			}
		case "--find-links":
			var location string
			if location, err = p.findLinks(from, o.value); err == nil {
				p.addOnce(o.name, &p.out.Options.FindLinks, location)
			}
		case "--no-index":
			p.out.Options.NoIndex = true
		case "--pre":
			p.out.Options.Prerelease = true
		case "--require-hashes":
			p.out.Options.RequireHashes = true
		case "--no-binary":
			err = p.addNames(from, l, o, &p.out.Options.NoBinary)
		case "--only-binary":
			err = p.addNames(from, l, o, &p.out.Options.OnlyBinary)
		case "--trusted-host":
			p.warn(from.file, l.number, "--trusted-host is ignored: TLS certificates are always verified")
		default:
			p.warn(from.file, l.number, "%s has no effect here", o.name)
		}
		switch e := err.(type) {
		case nil:
		case *SourceError:
			return e
		default:
			return fault(o.name+" "+e.Error(), "")
		}
	}
	return nil
}

// editable accepts an editable repository, which pip freeze writes for a package
// installed in place, as the repository itself. For a directory, its location is
// unknown.
func (p *requirementsParser) editable(from source, l line, value string) error {
	if !strings.HasPrefix(value, "git+") && !direct.MatchString(value) {
		return newSourceError(from.file, l.number, l.text, "an editable requirement cannot go into an image",
			"list the project's directory without -e, or put it under code in the Deployfile")
	}
	r, err := p.parseRequirement(from.file, line{l.number, value})
	if err == nil {
		p.add(from, r)
	}
	return err
}

// findLinks returns a --find-links location: a URL as it is, a directory
// relative to the root of the file system.
func (p *requirementsParser) findLinks(from source, value string) (string, error) {
	if strings.Contains(value, "://") {
		return value, checkURL(value)
	}
	name, ok := p.find(from.file, value)
	if !ok {
		return "", fmt.Errorf("names %q, which is not in the directory that is read", value)
	}
	return name, nil
}

// checkURL accepts an absolute http or https URL. Its errors do not repeat the
// URL, which may contain a credential in an unexpected place.
func checkURL(value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || strings.ContainsFunc(value, unicode.IsSpace) {
		return fmt.Errorf("needs a whole URL, such as https://pypi.example.com/simple")
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("takes http and https URLs, not %s", u.Scheme)
	}
	return nil
}

// addNames reads the value of --no-binary and --only-binary: project names
// separated by commas, ":all:" for every project, ":none:" to reset the list.
func (p *requirementsParser) addNames(from source, l line, o option, names *[]string) error {
	begin := func(with ...string) {
		for _, name := range *names {
			delete(p.seen, option{o.name, name})
		}
		*names = with
	}
	for name := range strings.SplitSeq(o.value, ",") {
		switch name = strings.TrimSpace(name); name {
		case ":all:":
			begin(":all:")
		case ":none:":
			begin()
		case "":
		default:
			if err := p.counted(from.file, l); err != nil {
				return err
			}
			if len(*names) == 0 || (*names)[0] != ":all:" {
				p.addOnce(o.name, names, pypi.CanonPackageName(name))
			}
		}
	}
	return nil
}

// addOnce adds a value of an option to its list unless the list has it already.
func (p *requirementsParser) addOnce(name string, values *[]string, value string) {
	if key := (option{name, value}); !p.seen[key] {
		p.seen[key] = true
		*values = append(*values, value)
	}
}

// find looks up a local path as pip does, from the root, and then as a reader
// would expect, from the directory of the file that names it.
func (p *requirementsParser) find(file, value string) (string, bool) {
	for _, dir := range []string{p.root, path.Dir(file)} {
		if name, ok := localPath(dir, value); ok {
			if _, err := fs.Stat(p.fsys, name); err == nil {
				return name, true
			}
		}
	}
	return "", false
}
