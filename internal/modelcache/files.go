package modelcache

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"
)

type file struct {
	name string
	size int64
	used time.Time
}

// block is what a file takes on a disk at least, however small it is.
const block = 4 << 10

// files lists what is in the cache, the oldest first. Locks of downloads are removed: the
// caller is alone.
func (c *Cache) files() (files []file, total int64, err error) {
	for _, dir := range []string{blobs, partials} {
		entries, err := fs.ReadDir(c.root.FS(), dir)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range entries {
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, 0, err
			}
			name, size := dir+"/"+e.Name(), (info.Size()+block-1)/block*block
			if strings.HasSuffix(name, lockSuffix) {
				if err := c.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return nil, 0, err
				}
				continue
			}
			files = append(files, file{name: name, size: max(size, block), used: info.ModTime()})
			total += max(size, block)
		}
	}
	slices.SortFunc(files, func(a, b file) int { return a.used.Compare(b.used) })
	return files, total, nil
}
