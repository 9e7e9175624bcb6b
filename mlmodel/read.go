package mlmodel

import (
	"io/fs"
	"path"
	"slices"

	"github.com/deployfile/deployfile/internal/redact"
	"github.com/deployfile/deployfile/internal/untrusted"
)

const (
	modelFile        = "MLmodel"
	condaFile        = "conda.yaml"
	pythonFile       = "python_env.yaml"
	requirementsFile = "requirements.txt"
	variablesFile    = "environment_variables.txt"
	servingInputFile = "serving_input_example.json"
	inputExampleFile = "input_example.json"
)

// Read reads the MLflow Model in directory dir of fsys ("." for its root). It
// understands every MLflow since version 1 and ignores unknown keys. Errors are
// *MissingModelError, *NoPyfuncError and *SourceError; oddities that do not
// matter are warnings.
//
// https://mlflow.org/docs/latest/ml/model/ describes the format.
func Read(fsys fs.FS, dir string) (*Model, []Warning, error) {
	dir = path.Clean(dir)
	if !fs.ValidPath(dir) {
		return nil, nil, &MissingModelError{Dir: dir, Err: fs.ErrInvalid}
	}
	file := path.Join(dir, modelFile)
	if info, err := fs.Stat(fsys, file); untrusted.Refused(err) {
		return nil, nil, readError(file, err, true)
	} else if err != nil || info.IsDir() {
		return nil, nil, missing(fsys, dir)
	}
	d, err := readDocument(fsys, file)
	if err != nil {
		return nil, nil, err
	}
	if d.wide {
		return nil, nil, d.fault(1, "the file is UTF-16 or UTF-32 text, which MLflow does not read here", "")
	}
	r := &reader{fsys: fsys, dir: dir, doc: d}
	r.model.Files = []string{file}
	if err := r.readModelFile(); err != nil {
		return nil, nil, err
	}
	if err := r.readLinks(); err != nil {
		return nil, nil, err
	}
	r.readRegistered()
	if err := r.readVariables(); err != nil {
		return nil, nil, err
	}
	if err := r.readEnvironment(); err != nil {
		return nil, nil, err
	}
	r.model.readNeeds()
	r.readKerasBackend()
	return &r.model, r.warnings, nil
}

// reader reads one model.
type reader struct {
	fsys     fs.FS
	dir      string
	doc      *document
	model    Model
	warnings []Warning
}

func (r *reader) warn(file string, line int, message string) {
	r.warnings = append(r.warnings, Warning{File: file, Line: line, Message: redact.Cut(message)})
}

// exists reports whether the model's directory has a file of this name. A file
// that cannot be examined, such as a link out of the directory, counts as
// existing: reading it reports the error.
func (r *reader) exists(name string) bool {
	info, err := fs.Stat(r.fsys, path.Join(r.dir, name))
	if err != nil {
		return untrusted.Refused(err)
	}
	return !info.IsDir()
}

// missing describes what the directory contains instead of a model.
func missing(fsys fs.FS, dir string) error {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return &MissingModelError{Dir: dir, Err: err}
	}
	e := &MissingModelError{Dir: dir, Found: []string{}}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() {
			below := path.Join(dir, name)
			if info, err := fs.Stat(fsys, path.Join(below, modelFile)); err == nil && !info.IsDir() {
				e.Below = append(e.Below, below)
			}
			name += "/"
		}
		e.Found = append(e.Found, name)
	}
	slices.Sort(e.Found)
	slices.Sort(e.Below)
	return e
}
