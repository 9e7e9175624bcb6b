package llb

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/resolver"
)

// stdlib are the modules of Python's own library, a line each, those of 3.9 to 3.14
// (sys.stdlib_module_names).
//
//go:embed stdlib.txt
var stdlib string

// WorkingDir is where the server of a locked model starts on these platforms: in the
// model's directory, unless a module there has the name of one that the server means.
// Python looks into the working directory first, and MLflow puts a model from code at the
// top of the model's directory under the name that its author gave it, such as humanize.py.
func WorkingDir(f *deployfile.File, lock *resolver.Lock, platforms ...string) string {
	modules := map[string]bool{}
	for name := range strings.FieldsSeq(stdlib) {
		modules[name] = true
	}
	for _, platform := range platforms {
		if p := lock.Platform(platform); p != nil && p.Wheels != nil {
			for _, name := range p.Wheels.Modules {
				modules[name] = true
			}
		}
	}
	shadows := func(f resolver.ModelFile) bool { return modules[moduleOf(f.Path)] }
	if f.Server.Kind == "mlflow" && slices.ContainsFunc(lock.Model, shadows) {
		return "/"
	}
	return imagespec.ModelDir
}

// moduleOf is the name by which a file is imported from the directory that its path is
// relative to, "" if it is not.
func moduleOf(path string) string {
	first, rest, nested := strings.Cut(path, "/")
	if nested {
		if name, _, _ := strings.Cut(rest, "."); name != "__init__" {
			return ""
		}
		return first
	}
	name, extension, _ := strings.Cut(first, ".")
	if extension != "py" && extension != "pyc" && !strings.HasSuffix(extension, "so") {
		return ""
	}
	return name
}
