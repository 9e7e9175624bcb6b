// Package modelcache keeps files of models by their sha256 in a directory of the user's,
// which many processes may use at a time. What is there is complete, or a part that a
// later download goes on with: a file is renamed into its place when its hash is known.
// Reading a file compares its hash again.
package modelcache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/opencontainers/go-digest"
)

// DefaultLimit is how much a cache keeps, in bytes.
const DefaultLimit = 20 << 30

// Cache is a directory of files by hash.
type Cache struct {
	root  *os.Root
	path  string
	limit int64
}

const (
	blobs    = "sha256"
	partials = "partial"
	// inUse is locked, shared, by each process that needs files of the cache, and
	// exclusively by one that removes some.
	inUse = "lock"
	// lockSuffix is what the name of a download's lock has after the download's.
	lockSuffix = ".lock"
)

// Dir returns the directory of the user's cache.
func Dir() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "deployfile", "models"), err
}

// Open opens the cache in a directory, which it makes, and keeps no more than limit
// bytes there once no process needs them. The caller closes it: until then nothing is
// removed that the cache has, or gets.
func Open(dir string, limit int64) (*Cache, func() error, error) {
	for _, d := range []string{blobs, partials} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			return nil, nil, err
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, err
	}
	c := &Cache{root: root, path: dir, limit: limit}
	use := flock.New(filepath.Join(dir, inUse), flock.SetPermissions(0o600))
	if err := use.RLock(); err != nil {
		return nil, nil, errors.Join(err, root.Close())
	}
	closed := func() error {
		err := use.Unlock()
		if err == nil {
			err = c.prune()
		}
		return errors.Join(err, root.Close())
	}
	return c, closed, nil
}

func blobPath(sum string) (string, error) {
	if err := digest.NewDigestFromEncoded(digest.SHA256, sum).Validate(); err != nil {
		return "", fmt.Errorf("%q is not a sha256", sum)
	}
	return blobs + "/" + sum, nil
}

// Has reports whether a file of that hash and size is in the cache, and marks it as
// used now.
func (c *Cache) Has(sum string, size int64) bool {
	name, err := blobPath(sum)
	if err != nil {
		return false
	}
	info, err := c.root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() != size {
		return false
	}
	now := time.Now()
	return c.root.Chtimes(name, now, now) == nil
}

// Open opens a file by its hash. A reader that gets to its end and finds another hash
// ends with an error, and the file is removed.
func (c *Cache) Open(sum string) (io.ReadCloser, error) {
	name, err := blobPath(sum)
	if err != nil {
		return nil, err
	}
	f, err := c.root.Open(name)
	if err != nil {
		return nil, err
	}
	return &verified{f: f, hash: sha256.New(), want: sum, corrupt: func() { _ = c.root.Remove(name) }}, nil
}

// OpenFile opens a file by its hash, which nothing compares: whoever reads parts of it
// compares what comes of them.
func (c *Cache) OpenFile(sum string) (*os.File, error) {
	name, err := blobPath(sum)
	if err != nil {
		return nil, err
	}
	return c.root.Open(name)
}

// verified is a file whose hash is compared at its end.
type verified struct {
	f       *os.File
	hash    hash.Hash
	want    string
	corrupt func()
}

func (v *verified) Read(p []byte) (int, error) {
	n, err := v.f.Read(p)
	v.hash.Write(p[:n])
	if errors.Is(err, io.EOF) && hex.EncodeToString(v.hash.Sum(nil)) != v.want {
		v.corrupt()
		return n, &corruptError{Path: v.f.Name()}
	}
	return n, err
}

func (v *verified) Close() error { return v.f.Close() }

// corruptError reports a file of the cache with other contents than its name says.
type corruptError struct {
	// Path is the file's path.
	Path string
}

// Error names the file and what to do.
func (e *corruptError) Error() string {
	return fmt.Sprintf("%s was changed after it was written, and is removed; run the command again, which downloads it again", e.Path)
}

// Partial is a download into the cache. One process at a time has the download of a key.
type Partial struct {
	cache *Cache
	name  string
	lock  *flock.Flock
	file  *os.File
	hash  hash.Hash
	// Offset is how many bytes there are.
	Offset int64
}

// lockPoll is how often a download looks whether that of another process has ended.
const lockPoll = 200 * time.Millisecond

// Begin opens the download of a key, which means the same contents forever: what an
// earlier process has left of it is there already. It waits for a process that has the
// same download.
func (c *Cache) Begin(ctx context.Context, key string) (*Partial, error) {
	sum := sha256.Sum256([]byte(key))
	p := &Partial{cache: c, name: partials + "/" + hex.EncodeToString(sum[:]), hash: sha256.New()}
	p.lock = flock.New(filepath.Join(c.path, p.name+lockSuffix), flock.SetPermissions(0o600))
	if _, err := p.lock.TryLockContext(ctx, lockPoll); err != nil {
		return nil, err
	}
	var err error
	if p.file, err = c.root.OpenFile(p.name, os.O_RDWR|os.O_CREATE, 0o600); err == nil {
		p.Offset, err = io.Copy(p.hash, p.file)
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Write appends to the download.
func (p *Partial) Write(data []byte) (int, error) {
	n, err := p.file.Write(data)
	p.hash.Write(data[:n])
	p.Offset += int64(n)
	return n, err
}

// Restart forgets all that there is.
func (p *Partial) Restart() error {
	p.hash.Reset()
	p.Offset = 0
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return p.file.Truncate(0)
}

// Sum returns the sha256 of what there is.
func (p *Partial) Sum() string { return hex.EncodeToString(p.hash.Sum(nil)) }

// Commit puts the download in the cache under its hash.
func (p *Partial) Commit() error {
	name, err := blobPath(p.Sum())
	if err != nil {
		return err
	}
	if err := p.file.Sync(); err != nil {
		return err
	}
	// Windows renames no file that is open.
	if err := p.file.Close(); err != nil {
		return err
	}
	p.file = nil
	return p.cache.root.Rename(p.name, name)
}

// Close ends the download. What there is without a Commit stays for the next one.
func (p *Partial) Close() error {
	var err error
	if p.file != nil {
		err = p.file.Close()
	}
	return errors.Join(err, p.lock.Unlock())
}

// prune removes what was used longest ago, until the rest is within the limit. It does
// nothing while another process uses the cache.
func (c *Cache) prune() error {
	use := flock.New(filepath.Join(c.path, inUse), flock.SetPermissions(0o600))
	alone, err := use.TryLock()
	if err != nil || !alone {
		return err
	}
	defer use.Unlock()
	files, total, err := c.files()
	if err != nil {
		return err
	}
	for _, f := range files {
		if total <= c.limit {
			break
		}
		if err := c.root.Remove(f.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		total -= f.size
	}
	return nil
}
