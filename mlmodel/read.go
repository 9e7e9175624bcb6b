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
	servingInputFile = "serving_input_example.json"
	inputExampleFile = "input_example.json"
)

// Read reads the MLflow Model in folder dir of fsys ("." for its root). It
// understands what MLflow has written from version 1 on; keys that it does not
// know are left alone. Errors are *MissingModelError, *NoPyfuncError and
// *SourceError; what is odd but can be lived with is a warning.
//
// https://mlflow.org/docs/latest/ml/model/ describes the format.
func Read(fsys fs.FS, dir string) (*Model, []Warning, error) {
	dir = path.Clean(dir)
	if !fs.ValidPath(dir) {
		return nil, nil, &MissingModelError{Dir: dir, Err: fs.ErrInvalid}
	}
	file := path.Join(dir, modelFile)
	if info, err := fs.Stat(fsys, file); untrusted.Refused(err) {
		return nil, nil, readError(file, err)
	} else if err != nil || info.IsDir() {
		return nil, nil, missing(fsys, dir)
	}
	d, err := readDocument(fsys, file)
	if err != nil {
		return nil, nil, err
	}
	r := &reader{fsys: fsys, dir: dir, doc: d}
	r.model.Files = []string{file}
	if err := r.readModelFile(); err != nil {
		return nil, nil, err
	}
	if err := r.readEnvironment(); err != nil {
		return nil, nil, err
	}
	return &r.model, r.warnings, nil
}

// reader is the reading of one model.
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

// exists tells whether the model's folder has a file of this name. One that
// cannot be looked at, such as a link that leads out of the folder, is there: who
// reads it says what is wrong.
func (r *reader) exists(name string) bool {
	info, err := fs.Stat(r.fsys, path.Join(r.dir, name))
	if err != nil {
		return untrusted.Refused(err)
	}
	return !info.IsDir()
}

// missing says what there is in place of a model.
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
