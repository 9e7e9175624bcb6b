package build

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/resolver"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
)

// Project is a Deployfile and the directory that its build may read.
type Project struct {
	// Dir is that directory, Path the path of the Deployfile.
	Dir, Path string
	// Source is the text of the Deployfile, File what it says.
	Source []byte
	File   *deployfile.File
}

// OpenProject reads and checks the Deployfile of a directory, so that mistakes in
// it are reported before a builder is looked for. A path other than "" names a
// Deployfile that is somewhere else. The args are the build's arguments. The error
// is a *NoFileError, or has the source of what is wrong (errdefs.Sources).
func OpenProject(ctx context.Context, dir, path string, args map[string]string) (*Project, error) {
	source, err := ReadDeployfile(ctx, dir, path)
	if err != nil {
		return nil, err
	}
	return ParseProject(dir, path, source, args)
}

// ParseProject is OpenProject with the text of a Deployfile that need not be on the disk;
// the lock is beside its path all the same.
func ParseProject(dir, path string, source []byte, args map[string]string) (*Project, error) {
	return parseProject(dir, path, source, func(name string) (*deployfile.File, error) {
		f, _, err := deployfile.ParseWithArgs(name, source, kinds.All(), args)
		return f, err
	})
}

// ParseTargets is ParseProject for verbs that build nothing: of the Deployfile it takes
// what these targets need, or all targets if there are no names.
func ParseTargets(dir, path string, source []byte, args map[string]string, names []string) (*Project, error) {
	return parseProject(dir, path, source, func(name string) (*deployfile.File, error) {
		return deployfile.ParseForTargets(name, source, kinds.All(), args, names)
	})
}

func parseProject(dir, path string, source []byte, parse func(name string) (*deployfile.File, error)) (*Project, error) {
	p := &Project{Dir: dir, Path: Options{Context: dir, File: path}.FilePath(), Source: source}
	var err error
	if p.File, err = parse(p.Path); err != nil {
		return nil, errdefs.WithSource(err, &errdefs.Source{Info: &pb.SourceInfo{Filename: p.Path, Data: p.Source}})
	}
	return p, nil
}

// ReadDeployfile reads the Deployfile of a directory, or the one at path unless
// that is "". The error is a *NoFileError if there is none.
func ReadDeployfile(ctx context.Context, dir, path string) ([]byte, error) {
	data, err := untrusted.Wait(ctx, func() ([]byte, error) {
		if path != "" {
			return untrusted.ReadNamed(path, deployfile.MaxSize)
		}
		return ReadIn(dir, deployfile.DefaultName, deployfile.MaxSize)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NoFileError{Path: Options{Context: dir, File: path}.FilePath()}
	}
	return data, err
}

// ReadIn reads a file that must be in a directory and no link out of it, up to limit
// bytes.
func ReadIn(dir, name string, limit int64) ([]byte, error) {
	files, err := untrusted.OpenDirectory(dir)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	return untrusted.ReadFile(files, name, limit)
}

// LockDigest returns the digest of the lock beside the Deployfile, sha256:…, or ""
// if there is none.
func (p *Project) LockDigest(ctx context.Context) (string, error) {
	data, err := untrusted.Wait(ctx, func() ([]byte, error) {
		return ReadIn(filepath.Dir(p.Path), filepath.Base(p.Path)+LockSuffix, resolver.MaxLock)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return digest.FromBytes(data).String(), nil
}

// ImageNames returns [image] tags, or else the model's name with the tag latest.
func (p *Project) ImageNames() []string {
	if len(p.File.Image.Tags) > 0 {
		return p.File.Image.Tags
	}
	return []string{p.File.Model.Name + ":latest"}
}
