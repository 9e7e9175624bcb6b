package cli

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

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/resolver"
)

// lockFiles are the files of a lock: those that were there and those that take
// their place.
type lockFiles struct {
	dir, name string
	old, made map[string][]byte
}

// readOld reads the lock that is there, as far as it can be understood.
func (l *lockFiles) readOld(ctx context.Context) (err error) {
	l.old, err = untrusted.Wait(ctx, func() (map[string][]byte, error) {
		files, _, err := readLockFiles(l.dir, l.name)
		var unknown *lockError
		if errors.As(err, &unknown) {
			return files, nil // of another version: it is replaced
		}
		return files, err
	})
	return err
}

// lockError is what is wrong with a lock that was read.
type lockError struct{ error }

// readLockFiles reads a lock and its pylock files; there are no files and no lock if
// there is none. The lock alone comes with a *lockError, if it is no lock that is
// known.
func readLockFiles(dir, name string) (files map[string][]byte, lock *resolver.Lock, err error) {
	files = map[string][]byte{}
	folder, err := untrusted.OpenDirectory(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return files, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer folder.Close()
	data, err := untrusted.ReadFile(folder, name, resolver.MaxLock)
	if errors.Is(err, fs.ErrNotExist) {
		return files, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	files[name] = data
	if lock, err = resolver.ParseLock(data); err != nil {
		return files, nil, &lockError{err}
	}
	for _, name := range lock.PylockNames() {
		data, err := untrusted.ReadFile(folder, name, resolver.MaxLock)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		files[name] = data
	}
	return files, lock, nil
}

func (l *lockFiles) changed() bool { return len(l.changedFiles()) > 0 }

// changedFiles are the names of the files that come, go or have other bytes.
func (l *lockFiles) changedFiles() []string {
	names := []string{}
	for name := range l.made {
		if was, ok := l.old[name]; !ok || !bytes.Equal(was, l.made[name]) {
			names = append(names, name)
		}
	}
	for name := range l.old {
		if _, ok := l.made[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// write puts the new files in place of the old ones. All are complete on the
// disk before the first takes its place, and the lock, which has the hashes of
// the others, does so last: whatever happens in between, a build tells that the
// files do not belong together.
func (l *lockFiles) write() error {
	if !l.changed() {
		return nil
	}
	var pending []*build.PendingFile
	defer func() {
		for _, p := range pending {
			p.Discard()
		}
	}()
	for _, name := range l.order() {
		p, err := build.CreateFile(filepath.Join(l.dir, name))
		if err != nil {
			return err
		}
		pending = append(pending, p)
		if _, err := p.Write(l.made[name]); err != nil {
			return err
		}
	}
	for _, p := range pending {
		if err := p.Commit(); err != nil {
			return err
		}
	}
	for name := range l.old {
		if _, kept := l.made[name]; !kept {
			if err := os.Remove(filepath.Join(l.dir, name)); err != nil {
				return fmt.Errorf("remove a file of the old lock: %w", err)
			}
		}
	}
	return nil
}

// order is that in which the files are written.
func (l *lockFiles) order() []string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(l.made)), func(name string) bool { return name == l.name })
	return append(names, l.name)
}
