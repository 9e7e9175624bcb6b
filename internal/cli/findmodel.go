package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/mlmodel"
)

// How far init looks for a model: MLflow's own store has one six directories down, in
// mlruns/1/models/m-…/artifacts, and a run's in mlruns/1/RUN/artifacts/NAME.
const (
	searchDepth   = 6
	searchEntries = 100_000
)

// orElsewhere adds to the error of a directory without a model those below it that
// have one, or below the whole directory of the Deployfile if that one is missing, and
// the command for the newest. again returns the command of init for a directory below
// that of the Deployfile, "" if there is none to copy.
func orElsewhere(ctx context.Context, files *untrusted.Directory, again func(model string) string, err error) error {
	var missing *mlmodel.MissingModelError
	if !errors.As(err, &missing) {
		return err
	}
	dir := missing.Dir
	if errors.Is(missing.Err, fs.ErrNotExist) {
		dir = "."
	}
	found, stopped := untrusted.Wait(ctx, func() ([]string, error) { return findModels(files, dir), nil })
	if stopped != nil || len(found) == 0 {
		return err
	}
	err = &mlmodel.MissingModelError{Dir: missing.Dir, Below: found}
	if command := again(found[0]); command != "" {
		return fmt.Errorf("%w\n%s%s", err, runPrefix, command)
	}
	return err
}

// findModels returns the directories below one that have an MLmodel, the newest first.
// It enters neither hidden directories nor models.
func findModels(files fs.FS, dir string) []string {
	type model struct {
		dir    string
		logged time.Time
	}
	var found []model
	left := searchEntries
	// What cannot be read has no model for anybody.
	_ = fs.WalkDir(files, dir, func(name string, entry fs.DirEntry, err error) error {
		if left--; left < 0 {
			return fs.SkipAll
		}
		if err != nil || !entry.IsDir() {
			return nil
		}
		if name != dir && strings.HasPrefix(path.Base(name), ".") {
			return fs.SkipDir
		}
		if info, err := fs.Stat(files, path.Join(name, "MLmodel")); err == nil && info.Mode().IsRegular() {
			found = append(found, model{name, info.ModTime()})
			return fs.SkipDir
		}
		if depth(dir, name) == searchDepth {
			return fs.SkipDir
		}
		return nil
	})
	slices.SortStableFunc(found, func(a, b model) int {
		return cmp.Or(b.logged.Compare(a.logged), strings.Compare(a.dir, b.dir))
	})
	var out []string
	for _, m := range found {
		out = append(out, m.dir)
	}
	return out
}

// depth returns how many directories below one another is.
func depth(dir, name string) int {
	if dir != "." {
		name = strings.TrimPrefix(strings.TrimPrefix(name, dir), "/")
	}
	if name == "." || name == "" {
		return 0
	}
	return strings.Count(name, "/") + 1
}
