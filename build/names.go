package build

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"unicode/utf8"

	"github.com/deployfile/deployfile/internal/bkerrors"
)

// explainName names the file that keeps a context from being sent: names in
// BuildKit's protocol must be UTF-8, and its error does not name the file.
func explainName(dir string, err error) error {
	if !bkerrors.InvalidName(err) {
		return err
	}
	var found string
	_ = filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if err == nil && !utf8.ValidString(name) {
			found = name
			return fs.SkipAll
		}
		return nil
	})
	if found == "" {
		return err
	}
	return errors.Join(fmt.Errorf("the name %q is not UTF-8 and cannot be sent to a builder; rename it, or exclude it with .dockerignore", found), err)
}
