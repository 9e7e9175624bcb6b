package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/resolver"
)

// LockSuffix is what the name of a lock has after that of its Deployfile.
const LockSuffix = ".lock"

// LockFiles are a lock as it is stored: Deployfile.lock, and beside it the pylock
// files that it names.
type LockFiles struct {
	// Path is the path of Deployfile.lock.
	Path string
	// Files are the bytes of each file by its name, none if there is no lock. The
	// pylock files of a lock that Decode refuses are not among them.
	Files map[string][]byte
}

// ReadLock reads the lock at path. A missing lock is no error, nor is one that this
// version cannot decode: such a lock is replaced by the next one.
func ReadLock(ctx context.Context, path string) (*LockFiles, error) {
	l := &LockFiles{Path: path}
	var err error
	l.Files, err = untrusted.Wait(ctx, func() (map[string][]byte, error) { return readLockFiles(path) })
	return l, err
}

func readLockFiles(path string) (map[string][]byte, error) {
	files := map[string][]byte{}
	dir, err := untrusted.OpenDirectory(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return files, nil
	}
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	name := filepath.Base(path)
	data, err := untrusted.ReadFile(dir, name, resolver.MaxLock)
	if errors.Is(err, fs.ErrNotExist) {
		return files, nil
	}
	if err != nil {
		return nil, err
	}
	files[name] = data
	lock, err := resolver.ParseLock(data)
	if err != nil {
		return files, nil
	}
	for _, name := range lock.PylockNames() {
		data, err := untrusted.ReadFile(dir, name, resolver.MaxLock)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		files[name] = data
	}
	return files, nil
}

// Name returns the name of Deployfile.lock among Files.
func (l *LockFiles) Name() string { return filepath.Base(l.Path) }

// Decode returns what Deployfile.lock says, nil if it is missing.
func (l *LockFiles) Decode() (*resolver.Lock, error) {
	data, ok := l.Files[l.Name()]
	if !ok {
		return nil, nil
	}
	return resolver.ParseLock(data)
}

// platforms returns the locked platforms, nil if there is no lock that can be decoded.
func (l *LockFiles) platforms() []string {
	lock, err := l.Decode()
	if err != nil || lock == nil {
		return nil
	}
	var names []string
	for _, p := range lock.Platforms {
		names = append(names, p.Name)
	}
	return names
}

// Replace puts the files of another lock, as a build of the output lock returns them,
// in place of these. All are complete on the disk before the first takes its place,
// and Deployfile.lock, which has the hashes of the others, does so last: if the
// process ends in between, a build reports that the files do not belong together.
func (l *LockFiles) Replace(made map[string][]byte) error {
	if maps.EqualFunc(l.Files, made, bytes.Equal) {
		return nil
	}
	var pending []*PendingFile
	defer func() {
		for _, p := range pending {
			p.Discard()
		}
	}()
	for _, name := range l.order(made) {
		p, err := CreateFile(l.beside(name))
		if err != nil {
			return err
		}
		pending = append(pending, p)
		if _, err := p.Write(made[name]); err != nil {
			return err
		}
	}
	for _, p := range pending {
		if err := p.Commit(); err != nil {
			return err
		}
	}
	for name := range l.Files {
		if _, kept := made[name]; !kept {
			if err := os.Remove(l.beside(name)); err != nil {
				return fmt.Errorf("remove a file of the old lock: %w", err)
			}
		}
	}
	l.Files = made
	return nil
}

func (l *LockFiles) beside(name string) string { return filepath.Join(filepath.Dir(l.Path), name) }

// order returns the names in the order in which the files are committed.
func (l *LockFiles) order(made map[string][]byte) []string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(made)), func(name string) bool { return name == l.Name() })
	return append(names, l.Name())
}
