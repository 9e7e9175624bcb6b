package main

import (
	"errors"
	"io/fs"
	"os"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
)

// project is a Deployfile and the folder that its build may read.
type project struct {
	context string
	path    string
	source  []byte
	file    *deployfile.File
}

// openProject reads and checks the Deployfile, so that a wrong one is known
// before a builder is looked for; args are the build's arguments.
func openProject(context, path string, args map[string]string) (*project, error) {
	p := &project{context: context, path: build.Options{Context: context, File: path}.FilePath()}
	var err error
	if p.source, err = readDeployfile(p.path); err != nil {
		return nil, err
	}
	if p.file, _, err = deployfile.ParseWithArgs(p.path, p.source, args); err != nil {
		return nil, errdefs.WithSource(err, &errdefs.Source{Info: &pb.SourceInfo{Filename: p.path, Data: p.source}})
	}
	return p, nil
}

func readDeployfile(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &build.NoFileError{Path: path}
	}
	return data, err
}

// contextFolder is the argument of a command, or the folder it runs in.
func contextFolder(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}
