package mlmodel

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/untrusted"
)

// Limits for the model's code that is searched: the number of files, and the bytes of
// each. What is beyond them is served all the same.
const (
	maxCodeFiles = 500
	maxCodeFile  = 1 << 20
)

var (
	// importsSetuptools matches an import of what setuptools provides: Python has
	// distutils no more since 3.12.
	importsSetuptools = regexp.MustCompile(`(?m)^[ \t]*(?:import|from)[ \t]+(?:pkg_resources|setuptools|distutils)\b`)
	// tracks matches calls of MLflow that fail where there is no tracking store.
	tracks = regexp.MustCompile(`\bmlflow\.(?:set_experiment|create_experiment|get_experiment(?:_by_name)?|start_run|log_(?:metrics?|params?))\(`)
)

// readCode searches the model's own Python code, and its requirements, for what it needs
// and no requirement says: setuptools, which MLflow installs in front of them, and a tracking store.
func (r *reader) readCode(p *requirementsParser) {
	setuptools := slices.ContainsFunc(p.out.Requirements, lacksSetuptools)
	for _, name := range r.codeFiles() {
		data, err := untrusted.ReadFile(r.fsys, path.Join(r.dir, name), maxCodeFile)
		if err != nil {
			continue
		}
		setuptools = setuptools || importsSetuptools.Match(data)
		r.model.Tracks = r.model.Tracks || tracks.Match(data)
	}
	is := func(q Requirement) bool { return q.Name == "setuptools" }
	if !setuptools || slices.ContainsFunc(p.out.Requirements, is) {
		return
	}
	for _, q := range r.model.BuildRequirements {
		if is(q) {
			p.out.Requirements = append(p.out.Requirements, q)
		}
	}
}

// lacksSetuptools reports whether a distribution imports setuptools whenever it is
// imported, and does not require it: paddle.utils.cpp_extension does, since 3.0.
func lacksSetuptools(q Requirement) bool {
	return q.Name == "paddlepaddle" || q.Name == "paddlepaddle-gpu"
}

// codeFiles lists the files of Python that MLmodel names, and those below the
// directory of code.
func (r *reader) codeFiles() []string {
	var out []string
	if strings.HasSuffix(r.model.ModelPath, ".py") {
		out = append(out, r.model.ModelPath)
	}
	if r.model.CodePath == "" {
		return out
	}
	top := path.Join(r.dir, r.model.CodePath)
	_ = fs.WalkDir(r.fsys, top, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name == top:
			return fs.SkipAll
		case err != nil:
			return nil
		case len(out) == maxCodeFiles:
			return fs.SkipAll
		case !d.IsDir() && strings.HasSuffix(name, ".py"):
			out = append(out, relative(r.dir, name))
		}
		return nil
	})
	return out
}
