package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/report"
)

// isModelURI reports whether an argument names a model that is in no directory.
func isModelURI(argument string) bool {
	return regexp.MustCompile(`^[a-z][a-z0-9+.-]+:/[^'\x00-\x1f]+$`).MatchString(argument)
}

// uriDirectory is what the names of temporary directories begin with that have a Deployfile
// for a URI.
const uriDirectory = "deployfile-model-"

// isForURI reports whether a Deployfile is one that nobody has written, and that is gone when
// the command ends.
func isForURI(file string) bool {
	dir := filepath.Dir(file)
	return strings.HasPrefix(filepath.Base(dir), uriDirectory) && filepath.Dir(dir) == filepath.Clean(os.TempDir())
}

// uriDeployfile returns the text of a Deployfile for a URI, after the lines of a head.
func uriDeployfile(head, uri string) ([]byte, error) {
	source, err := tomlString(uri)
	return []byte(head + "[model]\nsource = " + source + "\n"), err
}

// unreadableURI says what to do with a URI that no build reads.
func unreadableURI(uri string, err error) error {
	return &usageError{fmt.Errorf("%w. Or download the model:\n  mlflow artifacts download -u '%s' -d model\n  deployfile init model", err, uri)}
}

// project returns the directory that a build may read, as context does, and what to
// call at the end. The argument may also be a model's URI: the directory is a temporary
// one then, and its Deployfile names the model and nothing else.
func (f *inputFlags) project(args []string) (dir string, closed func(), err error) {
	nothing := func() {}
	if len(args) == 0 || !isModelURI(args[0]) {
		dir, err = f.context(args)
		return dir, nothing, err
	}
	uri := args[0]
	if f.file != "" || f.directory != "." {
		return "", nothing, &usageError{fmt.Errorf("%s is a model, which needs no Deployfile: leave out --file and --directory", uri)}
	}
	if _, err := modelsource.Find(uri); err != nil {
		return "", nothing, unreadableURI(uri, err)
	}
	text, err := uriDeployfile("", uri)
	if err != nil {
		return "", nothing, err
	}
	if dir, err = os.MkdirTemp("", uriDirectory); err != nil {
		return "", nothing, err
	}
	closed = func() { _ = os.RemoveAll(dir) }
	if err := os.WriteFile(filepath.Join(dir, deployfile.DefaultName), text, 0o600); err != nil {
		closed()
		return "", nothing, err
	}
	return dir, closed, nil
}

// initialiseURI writes a Deployfile for a model that a store has, once the store has said
// that it has it.
func initialiseURI(ctx context.Context, s streams, uri string, o initOptions) error {
	if _, err := modelsource.Find(uri); err != nil {
		return unreadableURI(uri, err)
	}
	text, err := uriDeployfile(firstLines(o.syntax), uri)
	if err != nil {
		return err
	}
	p := &build.Project{Path: o.file, Source: text}
	if p.File, _, err = deployfile.Parse(o.file, text, kinds.All()); err != nil {
		return fmt.Errorf("%s cannot be named in a Deployfile: %w", uri, err)
	}
	pin, err := build.FindModel(ctx, p)
	if err != nil {
		return err
	}
	if err := build.WriteFile(o.file, text); err != nil {
		return err
	}
	r := report.Init{File: o.file, Source: uri}
	if pin != nil && pin.Resolved != uri {
		r.Resolved = pin.Resolved
	}
	return s.wrote(r, o)
}
