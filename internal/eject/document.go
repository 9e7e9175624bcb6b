package eject

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/deployfile/deployfile/internal/pins"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
)

// document is a Dockerfile in the making.
type document struct{ b strings.Builder }

func (d *document) text(text string) { d.b.WriteString(text) }

func (d *document) line(format string, args ...any) {
	fmt.Fprintf(&d.b, format+"\n", args...)
}

// run writes commands for a shell.
func (d *document) run(commands ...string) {
	d.line("RUN %s", strings.Join(commands, " && \\\n    "))
}

// add fetches a file by its hash.
func (d *document) add(file toolchain.Download, to string) error {
	if err := file.Check(); err != nil {
		return err
	}
	address, err := pins.URL(file.URL)
	if err != nil {
		return fmt.Errorf("%s: %w", file.Filename, err)
	}
	d.line("ADD --checksum=sha256:%s %s %s", file.SHA256, address, to)
	return nil
}

// pairs writes an instruction of names and values.
func (d *document) pairs(instruction string, values map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := values[name]
		if !keyPattern.MatchString(name) || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
			return fmt.Errorf("a Dockerfile cannot hold %s %q: its name has more than letters, digits and ._-/, or its value a line break or another control character; take it out of the Deployfile to eject",
				instruction, name)
		}
		d.line(`%s %s="%s"`, instruction, name, strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(value))
	}
	return nil
}

var (
	keyPattern      = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9._/-]*$`)
	userPattern     = regexp.MustCompile(`^[0-9]+(:[0-9]+)?$`)
	pathPattern     = regexp.MustCompile(`^/[A-Za-z0-9._/+-]+$`)
	versionPattern  = regexp.MustCompile(`^3\.[0-9]+$`)
	contextPattern  = regexp.MustCompile(`^[a-z]+$`)
	platformPattern = regexp.MustCompile(`^linux/(amd64|arm64)$`)
)

// python returns the path of an image's Python, unless a shell might obey it.
func python(i resolver.Image) (string, error) {
	if !pathPattern.MatchString(i.Python) || !versionPattern.MatchString(i.PythonVersion) {
		return "", fmt.Errorf("the path %q of Python %q has a character that a shell might obey", i.Python, i.PythonVersion)
	}
	return i.Python, nil
}

// image returns how FROM names an image: by its digest, or as the build context that
// the lock was made with.
func image(what string, locked resolver.Image, d *document) (string, error) {
	dgst, err := digest.Parse(locked.Digest)
	if err != nil {
		return "", fmt.Errorf("%s image: %w", what, err)
	}
	if name, ok := strings.CutPrefix(locked.Ref, resolver.ContextRef); ok {
		if !contextPattern.MatchString(name) {
			return "", fmt.Errorf("the build context %q cannot be named in a Dockerfile", name)
		}
		d.line("#\n# The %s image was a build context, %s: give --build-context %s=… again.", what, dgst, name)
		return name, nil
	}
	named, err := reference.ParseNormalizedNamed(locked.Ref)
	if err != nil {
		return "", fmt.Errorf("%s image %q: %w", what, locked.Ref, err)
	}
	text := reference.FamiliarName(named)
	if tagged, ok := named.(reference.Tagged); ok {
		text += ":" + tagged.Tag()
	}
	return text + "@" + dgst.String(), nil
}

// skeleton returns a command that makes a virtual environment with links to an image's
// Python.
func skeleton(i resolver.Image) (string, error) {
	at, err := python(i)
	return fmt.Sprintf(`mkdir -p /opt/venv/bin && ln -sfn %s /opt/venv/bin/python && ln -sfn python /opt/venv/bin/python3 && ln -sfn python /opt/venv/bin/python%s && \
    printf 'home = %%s\ninclude-system-site-packages = false\nversion = %%s\n' %s %s >/opt/venv/pyvenv.cfg`,
		at, i.PythonVersion, path.Dir(at), i.PythonVersion), err
}
