package build

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/opencontainers/go-digest"
)

// maxKeptLocks is how many locks the user's cache keeps, over all projects.
const maxKeptLocks = 200

// keptLocks is the directory of the user's cache that has a directory for each lock.
func keptLocks() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "deployfile", "locks"), err
}

// KeepLock keeps the lock beside the Deployfile in the user's cache, where LockOf finds
// it after the lock has changed: not every project is in a git repository, and not every
// lock that is deployed gets committed.
func (p *Project) KeepLock(ctx context.Context) error {
	now, err := ReadLock(ctx, p.Path+LockSuffix)
	if err != nil || now.Files[now.Name()] == nil {
		return err
	}
	locks, err := keptLocks()
	if err != nil {
		return err
	}
	dir := filepath.Join(locks, digest.FromBytes(now.Files[now.Name()]).Encoded())
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(locks, 0o700); err != nil {
		return err
	}
	made, err := os.MkdirTemp(locks, ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(made)
	for name, data := range now.Files {
		if name == now.Name() {
			name = keptName
		}
		if err := os.WriteFile(filepath.Join(made, name), data, 0o600); err != nil {
			return err
		}
	}
	if err := os.Rename(made, dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return removeOldLocks(locks)
}

// keptName is the name of a kept lock, whatever the Deployfile was called.
const keptName = "lock"

// removeOldLocks removes the oldest of too many locks.
func removeOldLocks(locks string) error {
	entries, err := os.ReadDir(locks)
	if err != nil || len(entries) <= maxKeptLocks {
		return err
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int {
		return cmp.Compare(modified(a), modified(b))
	})
	for _, e := range entries[:len(entries)-maxKeptLocks] {
		err = errors.Join(err, os.RemoveAll(filepath.Join(locks, e.Name())))
	}
	return err
}

func modified(e fs.DirEntry) int64 {
	info, err := e.Info()
	if err != nil {
		return 0 // another process has removed it
	}
	return info.ModTime().UnixNano()
}

// keptLock returns the lock of a digest as LockFiles beside path; nil if the cache does
// not have it.
func keptLock(path, dgst string) *LockFiles {
	want, err := digest.Parse(dgst)
	if err != nil {
		return nil
	}
	locks, err := keptLocks()
	if err != nil {
		return nil
	}
	files, err := readLockFiles(filepath.Join(locks, want.Encoded(), keptName))
	data := files[keptName]
	if err != nil || digest.FromBytes(data) != want {
		return nil
	}
	delete(files, keptName)
	files[filepath.Base(path)] = data
	was := &LockFiles{Path: path, Files: files}
	if _, err := was.Decode(); err != nil {
		return nil // of another version of deployfile
	}
	return was
}
