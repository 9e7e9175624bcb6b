package build

import (
	"os"

	"github.com/deployfile/deployfile/internal/modelcache"
	"github.com/deployfile/deployfile/internal/modelstore"
)

// userCache is the user's cache of models, opened when something needs it.
type userCache struct {
	cache  *modelcache.Cache
	closed func() error
}

func (c *userCache) open() (*modelcache.Cache, error) {
	if c.cache != nil {
		return c.cache, nil
	}
	dir, err := modelcache.Dir()
	if err != nil {
		return nil, err
	}
	c.cache, c.closed, err = modelcache.Open(dir, modelcache.DefaultLimit)
	return c.cache, err
}

func (c *userCache) close() error {
	if c.closed == nil {
		return nil
	}
	return c.closed()
}

func storeOptions(p *Project, cache *userCache) modelstore.Options {
	o := modelstore.Options{TrackingURI: p.File.Model.TrackingURI, Getenv: os.Getenv, Cache: cache.open}
	o.Home, _ = os.UserHomeDir()
	return o
}
