// Package registry publishes to registries: it copies an image by its digest to a
// repository, in the format that the target wants, and sets tags. The endpoint's
// records are in the repository, too (publish/store/registry).
package registry

import (
	"context"
	"fmt"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/deployfile/deployfile/manifests"
	registrykind "github.com/deployfile/deployfile/manifests/registry"
	"github.com/deployfile/deployfile/publish"
	store "github.com/deployfile/deployfile/publish/store/registry"
	"github.com/google/go-containerregistry/pkg/name"
)

// Publisher is an endpoint in a repository.
type Publisher struct{ *publish.Engine }

var _ publish.Publisher = (*Publisher)(nil)

// Options select the endpoint and its repository.
type Options struct {
	// Target is the target, with its endpoint's name.
	Target deployfile.Target
}

// Open prepares for an endpoint of a target of the kind registry. Nothing is sent
// yet, so the context is not used. The credentials are those of docker login.
func Open(_ context.Context, o Options) (*Publisher, error) {
	t := o.Target
	records, err := store.New(store.Options{Endpoint: t.Endpoint, Repository: t.Image, Format: t.Format})
	if err != nil {
		return nil, err
	}
	repository, err := registryclient.ParseRepository(t.Image)
	if err != nil {
		return nil, fmt.Errorf("repository %q: %w", t.Image, err)
	}
	c, err := registryclient.New()
	if err != nil {
		return nil, err
	}
	d := &driver{client: c, endpoint: t.Endpoint, repository: repository, called: t.Image}
	return &Publisher{publish.NewEngine(t.Endpoint, records, d)}, nil
}

// driver is the publish.Driver of an endpoint in a repository.
type driver struct {
	client     *registryclient.Client
	endpoint   string
	repository name.Repository
	// called is the repository as the user writes it.
	called string
}

var _ publish.Driver = (*driver)(nil)

// Close implements publish.Driver.
func (d *driver) Close() error { return nil }

// wanted is what documents ask of the registry.
type wanted struct {
	*registrykind.Image
	// source is where the image is copied from, by digest.
	source name.Reference
}

// wanted returns what documents ask of the registry.
func (d *driver) wanted(documents []manifests.Document) (*wanted, error) {
	w, err := registrykind.ParseImage(documents)
	if err != nil {
		return nil, err
	}
	repository, err := registryclient.ParseRepository(w.Repository)
	if err != nil {
		return nil, err
	}
	if repository.Name() != d.repository.Name() {
		return nil, fmt.Errorf("the image is for %s and not for %s: deploy to another target, or delete the endpoint there first", w.Repository, d.called)
	}
	source, err := registryclient.ParseReference(w.Source)
	if err != nil {
		return nil, err
	}
	return &wanted{w, source}, nil
}
