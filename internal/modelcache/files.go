package modelcache

import (
	"errors"
	"io/fs"
	"slices"
	"time"
)

type file struct {
	name string
	size int64
	used time.Time
}

// files lists what is in the cache, the oldest first.
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
			files = append(files, file{name: dir + "/" + e.Name(), size: info.Size(), used: info.ModTime()})
			total += info.Size()
		}
	}
	slices.SortFunc(files, func(a, b file) int { return a.used.Compare(b.used) })
	return files, total, nil
}
