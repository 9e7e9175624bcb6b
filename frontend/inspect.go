package frontend

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
)

// Inspection is what can be told of a Deployfile without a builder.
type Inspection struct {
	// File is the Deployfile, Diagnostics its warnings.
	File        *deployfile.File
	Diagnostics []deployfile.Diagnostic
	// Model is the model, Warnings those of the model and of all requirements
	// files.
	Model    *mlmodel.Model
	Warnings []mlmodel.Warning
	// Inputs are what a lock is made from.
	Inputs resolver.Inputs
}

// Inspect reads a Deployfile and its model as a build does, from the folder
// that is the build's context, with the build's arguments. What it found before
// an error comes with the error, which carries the lines of the Deployfile that
// it is about.
func Inspect(name string, data []byte, context fs.FS, args map[string]string) (*Inspection, error) {
	found := &Inspection{}
	err := found.inspect(name, data, context, args)
	return found, withSource(err, name, data)
}

func (i *Inspection) inspect(name string, data []byte, context fs.FS, args map[string]string) (err error) {
	if i.File, i.Diagnostics, err = deployfile.ParseWithArgs(name, data, args); err != nil {
		return err
	}
	if i.Model, i.Warnings, err = mlmodel.Read(context, i.File.Model.Source); err != nil {
		return at(i.File, err, "model", "source")
	}
	for n, dir := range i.File.Environment.Code {
		if info, err := fs.Stat(context, dir); err != nil || !info.IsDir() {
			return at(i.File, fmt.Errorf("code folder %q is not there", dir), "environment", "code", fmt.Sprint(n))
		}
	}
	env, err := newEnvironment(i.File, i.Model, context, "", func(w mlmodel.Warning) { i.Warnings = append(i.Warnings, w) })
	if err != nil {
		return err
	}
	i.Inputs = env.inputs
	return nil
}

// withSource adds the text that an error's lines are in.
func withSource(err error, name string, data []byte) error {
	var wrong deployfile.Errors
	var where *located
	s := &errdefs.Source{Info: &pb.SourceInfo{Filename: name, Data: data, Language: "toml"}}
	switch {
	case errors.As(err, &wrong):
		for _, d := range wrong {
			s.Ranges = append(s.Ranges, protoRange(d.Range))
		}
	case errors.As(err, &where):
		for _, r := range where.ranges {
			s.Ranges = append(s.Ranges, protoRange(r))
		}
	default:
		return err
	}
	return errdefs.WithSource(err, s)
}
