package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/resolver"
	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// modelFiles returns the files of the model in a directory of the context as a lock lists
// them, without those that are no part of it.
func modelFiles(ctx context.Context, files *contextFS, dir string, leftOut []string) ([]resolver.ModelFile, error) {
	dir = path.Clean(dir)
	var out []resolver.ModelFile
	err := fs.WalkDir(files, dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && slices.Contains(leftOut, below(dir, name)) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		f, err := modelFile(files, dir, name)
		if err == nil {
			err = f.Check()
		}
		if err != nil {
			return err
		}
		out = append(out, f)
		return nil
	})
	return out, err
}

// below returns a path relative to the directory that it is below.
func below(dir, name string) string {
	if dir == "." {
		return name
	}
	return strings.TrimPrefix(name, dir+"/")
}

// modelFile is one of them, by its name in the context; dir is the model's
// directory there.
func modelFile(files fs.FS, dir, name string) (resolver.ModelFile, error) {
	out := resolver.ModelFile{Path: below(dir, name)}
	info, err := fs.Lstat(files, name)
	if err != nil {
		return out, err
	}
	var content io.ReadCloser
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		if out.Link, err = fs.ReadLink(files, name); err != nil {
			return out, err
		}
		out.Link = filepath.ToSlash(out.Link)
		target := path.Join(path.Dir(name), out.Link)
		if _, err := fs.Stat(files, name); err != nil || path.IsAbs(out.Link) || !filepath.IsLocal(target) || dir != "." && !strings.HasPrefix(target, dir+"/") {
			return out, fmt.Errorf("model file %q is a symbolic link to something outside of the model's directory; a line in .dockerignore leaves it out, or a copy of the directory that follows links (cp -rL) has the file itself", out.Path)
		}
		content = io.NopCloser(strings.NewReader(out.Link))
	case info.Mode().IsRegular():
		out.Executable = info.Mode()&0o111 != 0
		if content, err = files.Open(name); err != nil {
			return out, err
		}
	default:
		return out, fmt.Errorf("model file %q is neither a file nor a directory", out.Path)
	}
	defer content.Close()
	h := sha256.New()
	out.Size, err = io.Copy(h, content)
	out.SHA256 = hex.EncodeToString(h.Sum(nil))
	return out, err
}

// The largest .dockerignore, in bytes and in patterns, each of which is tried with
// each of the model's files.
const (
	maxIgnore   = 64 << 10
	maxPatterns = 1000
)

// ignoredPaths returns the patterns of the Deployfile's own ignore file, else of the
// directory's .dockerignore.
func ignoredPaths(files fs.FS, file string) (*patternmatcher.PatternMatcher, error) {
	data, err := build.ReadIn(filepath.Dir(file), filepath.Base(file)+".dockerignore", maxIgnore)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = untrusted.ReadFile(files, ".dockerignore", maxIgnore)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	patterns, err := ignorefile.ReadAll(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf(".dockerignore: %w", err)
	}
	if len(patterns) > maxPatterns {
		return nil, fmt.Errorf(".dockerignore has more than %d patterns: put what the image needs into a directory of its own", maxPatterns)
	}
	return patternmatcher.New(patterns)
}
