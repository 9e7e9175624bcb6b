package modelstore

import (
	"fmt"
	"io"
	"sync"

	"github.com/deployfile/deployfile/internal/modelcache"
)

// together are the files of a store that come all at once, into the user's cache.
type together struct {
	cache func() (*modelcache.Cache, error)

	once   sync.Once
	failed error
	// files are set once they are in the cache.
	files []File
}

// open opens a file, after fetch, unless that was done, has put all into the cache. Of is
// what the files are in.
func (t *together) open(f File, of string, fetch func() error) (io.ReadCloser, int64, error) {
	t.once.Do(func() {
		if t.files == nil {
			t.failed = fetch()
		}
	})
	if t.failed != nil {
		return nil, 0, t.failed
	}
	cache, err := t.cache()
	if err != nil {
		return nil, 0, err
	}
	for _, have := range t.files {
		if have.Path == f.Path {
			body, err := cache.Open(have.SHA256)
			return body, 0, err
		}
	}
	return nil, 0, fmt.Errorf("the %s has no such file", of)
}
