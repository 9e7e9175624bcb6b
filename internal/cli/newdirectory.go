package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// makeDirectory creates a directory with all of its files or not at all: fill gets an
// empty one beside it, which is then renamed.
func makeDirectory(name string, fill func(dir string) error) (err error) {
	final, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(final)
	switch {
	case err == nil && len(entries) > 0:
		return &usageError{fmt.Errorf("%s is there already and not empty: name a new directory, or remove it", name)}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(filepath.Dir(final), "."+filepath.Base(final)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if err := fill(dir); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	// Windows does not replace a directory, not even an empty one.
	if err := os.Remove(final); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(dir, final)
}
