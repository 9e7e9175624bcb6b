package mlmodel

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/deployfile/deployfile/internal/untrusted"
	"go.yaml.in/yaml/v3"
)

var pythonVersion = regexp.MustCompile(`^[0-9]+\.[0-9]+(\.[0-9]+)?((a|b|rc)[0-9]+)?\+?$`)

// pythonHint names the key that takes the place of what a model says.
const pythonHint = `python = "3.N" in [environment] of the Deployfile takes its place`

// readPython takes a key's Python version, if the key is there.
func (r *reader) readPython(d *document, mapping *yaml.Node, key string) {
	n := get(mapping, key)
	switch {
	case n == nil || n.Kind == yaml.ScalarNode && n.Value == "":
	case n.Kind != yaml.ScalarNode:
		r.model.PythonErr = d.fault(n.Line, key+" must be a string", pythonHint)
	case !pythonVersion.MatchString(n.Value):
		r.model.PythonErr = d.fault(n.Line, fmt.Sprintf("%q is not a Python version", n.Value), pythonHint)
	default:
		r.refinePython(n.Value, d.file, n.Line)
	}
}

// refinePython replaces MLmodel's Python version by that of an environment
// file, as MLflow does, unless MLmodel has the same version in more detail.
func (r *reader) refinePython(version, file string, line int) {
	if !strings.HasPrefix(r.model.Python, version+".") {
		r.model.Python, r.model.PythonFile, r.model.PythonLine = version, file, line
	}
	r.model.PythonErr = nil
}

// pythonVersionFile is how uv and pyenv pin the Python of a project. MLflow 3.10 and
// later save it beside uv.lock.
const pythonVersionFile = ".python-version"

// pinnedPython matches what uv takes for a version there.
var pinnedPython = regexp.MustCompile(`^(?:(?:cpython|python)[-@]?)?([0-9]+\.[0-9]+(?:\.[0-9]+)?)(?:-[a-z0-9_-]+)?$`)

// readPinnedPython takes the version of pythonVersionFile where nothing else says one,
// or says it in less detail. The Python that logged the model stays: what it has
// pickled was made for that.
func (r *reader) readPinnedPython(p *requirementsParser) error {
	if !r.exists(pythonVersionFile) {
		return nil
	}
	file := path.Join(r.dir, pythonVersionFile)
	data, err := untrusted.ReadFile(r.fsys, file, maxVariables)
	if err != nil {
		return readError(file, err, true)
	}
	p.out.Files = append(p.out.Files, file)
	lines := logicalLines(Text(data))
	if len(lines) == 0 {
		return nil
	}
	// uv takes the first.
	l := lines[0]
	m := pinnedPython.FindStringSubmatch(l.text)
	switch logged := r.model.Python; {
	case m == nil:
		r.warn(file, l.number, fmt.Sprintf("%q is not a version of CPython, and not used", cropped(l.text)))
	case logged == "" || strings.HasPrefix(m[1], logged+"."):
		r.refinePython(m[1], file, l.number)
	case minorOf(m[1]) != minorOf(logged):
		r.warn(file, l.number, fmt.Sprintf("the project asks for Python %s, and the model was logged with %s, which serves it; for the other write python = %q in [environment]",
			m[1], logged, minorOf(m[1])))
	}
	return nil
}

// minorOf returns the first two parts of a version.
func minorOf(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}
