package frontend

import (
	"fmt"
	"io/fs"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/lint"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/resolver"
	"github.com/moby/buildkit/solver/pb"
)

// Inspection is everything that is known of a Deployfile without a builder.
type Inspection struct {
	// File is the Deployfile, Diagnostics its warnings.
	File        *deployfile.File
	Diagnostics []deployfile.Diagnostic
	// Model is the model, Warnings those of the model and of all requirements
	// files.
	Model    *mlmodel.Model
	Warnings []mlmodel.Warning
	// ModelDir is the model's directory in the build context. It is "" for a model
	// that only a builder can find: Model is nil then.
	ModelDir string
	// Inputs are what a lock is made from.
	Inputs resolver.Inputs
	// Implied are the Debian packages of Inputs that the model implies.
	Implied []mlmodel.SystemPackage
	// Yanked are the locked packages that were withdrawn from their indexes, by
	// normalised name, with the reasons; nil if no index was asked.
	Yanked map[string]string
	// ModelNow is what the model's source stands for today, nil if nobody was asked.
	ModelNow *modelsource.Pin
	// Builder is the platform of the builder, "" if it is not known.
	Builder string

	// name is the Deployfile's.
	name string
	env  *environment
	// files are what the model and the requirements files were read from.
	files fs.FS
}

// Inspect reads a Deployfile and its model as a build does, from the directory
// that is the build's context, with the build's arguments. An error carries the
// lines of the Deployfile that it is about, and comes with what was found before it.
func Inspect(name string, data []byte, context fs.FS, args map[string]string) (*Inspection, error) {
	found := &Inspection{name: name}
	err := found.inspect(name, data, context, args)
	return found, withSource(err, &pb.SourceInfo{Filename: name, Data: data, Language: "toml"})
}

func (i *Inspection) inspect(name string, data []byte, context fs.FS, args map[string]string) (err error) {
	if i.File, i.Diagnostics, err = deployfile.ParseWithArgs(name, data, kinds.All(), args); err != nil {
		return err
	}
	scheme, err := modelsource.Find(i.File.Model.Source)
	if err != nil {
		return at(i.File, err, "model", "source")
	}
	if i.ModelDir = scheme.Local(i.File.Model.Source); i.ModelDir == "" {
		return nil
	}
	return i.readModel(context, i.ModelDir, "")
}

// readModel reads the model, which is a directory of context, and the requirements
// files of i.File; mirror is an index that takes the place of the default one, ""
// if none.
func (i *Inspection) readModel(context fs.FS, dir, mirror string) (err error) {
	i.files = context
	if i.Model, i.Warnings, err = mlmodel.Read(context, dir); err != nil {
		return at(i.File, err, "model", "source")
	}
	if err := mlmodel.CheckFiles(context, dir); err != nil {
		return at(i.File, err, "model", "source")
	}
	if err := i.checkPython(); err != nil {
		return err
	}
	for n, dir := range i.File.Environment.Code {
		if info, err := fs.Stat(context, dir); err != nil || !info.IsDir() {
			return at(i.File, fmt.Errorf("code directory %q: %w", dir, fs.ErrNotExist), "environment", "code", fmt.Sprint(n))
		}
	}
	if i.env, err = newEnvironment(i.File, i.Model, context, mirror, func(w mlmodel.Warning) { i.Warnings = append(i.Warnings, w) }); err != nil {
		return err
	}
	i.Inputs, i.Implied = i.env.inputs, i.env.implied
	i.warnOfVariables()
	return nil
}

// Lint checks what was found against the rules of docs/rules; lock and pylocks are
// the files beside the Deployfile, nil if missing. End-of-life dates are compared
// with today.
func (i *Inspection) Lint(lock *resolver.Lock, pylocks map[string][]byte, today time.Time) []lint.Finding {
	in := lint.Input{File: i.File, Warnings: i.Diagnostics, Model: i.Model, Lock: lock, Pylocks: parsed(pylocks), Yanked: i.Yanked, ModelNow: i.ModelNow, Builder: i.Builder, Today: today}
	if i.env != nil {
		in.Requirements, in.Constraints = i.env.ownRequirements, i.env.ownConstraints
	}
	return lint.Run(in)
}

// parsed decodes the pylock files that it can. One that it cannot decode makes the
// lock stale, which another check reports.
func parsed(pylocks map[string][]byte) map[string]*resolver.Pylock {
	out := map[string]*resolver.Pylock{}
	for name, data := range pylocks {
		if p, err := resolver.ParsePylock(data); err == nil {
			out[name] = p
		}
	}
	return out
}
