package cli

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/resolver"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
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
func openProject(ctx context.Context, folder, path string, args map[string]string) (*project, error) {
	p := &project{context: folder, path: build.Options{Context: folder, File: path}.FilePath()}
	var err error
	if p.source, err = readDeployfile(ctx, folder, path); err != nil {
		return nil, err
	}
	if p.file, _, err = deployfile.ParseWithArgs(p.path, p.source, args); err != nil {
		return nil, errdefs.WithSource(err, &errdefs.Source{Info: &pb.SourceInfo{Filename: p.path, Data: p.source}})
	}
	return p, nil
}

// readDeployfile reads the Deployfile of a folder, which is in it, or the one that
// the user names by path, which may be anywhere.
func readDeployfile(ctx context.Context, folder, path string) ([]byte, error) {
	data, err := untrusted.Wait(ctx, func() ([]byte, error) {
		if path != "" {
			return untrusted.ReadNamed(path, deployfile.MaxSize)
		}
		return readIn(folder, deployfile.DefaultName, deployfile.MaxSize)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &build.NoFileError{Path: build.Options{Context: folder, File: path}.FilePath()}
	}
	return data, err
}

// readIn reads a file that must be in a folder.
func readIn(folder, name string, limit int64) ([]byte, error) {
	files, err := untrusted.OpenDirectory(folder)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	return untrusted.ReadFile(files, name, limit)
}

// lockDigest is that of the lock beside a Deployfile, "" if there is none.
func lockDigest(ctx context.Context, file string) (string, error) {
	data, err := untrusted.Wait(ctx, func() ([]byte, error) {
		return readIn(filepath.Dir(file), filepath.Base(file)+lockSuffix, resolver.MaxLock)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return digest.FromBytes(data).String(), nil
}

// contextFolder is the argument of a command, or the folder it runs in.
func contextFolder(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return args[0]
}
