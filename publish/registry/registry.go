// Package registry publishes to registries: it copies an image by its digest
// to a repository, in the form that the registry takes, and lets tags name it.
//
// The state of an endpoint is in the repository too. Each revision is an
// artifact of a few kilobytes, tagged ENDPOINT-rN, that refers to the image and
// holds the state and the documents; the image is kept by the tag
// ENDPOINT-rN-image. A record is not written twice, so that of two deployments at
// a time one wins.
package registry

import (
	"context"
	"fmt"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	registrykind "github.com/deployfile/deployfile/manifests/registry"
	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-containerregistry/pkg/name"
)

// Publisher is a publish.Publisher of one endpoint in one repository.
type Publisher struct {
	client     *client
	endpoint   string
	repository name.Repository
	// called is how the user calls the repository.
	called string
}

var _ publish.Publisher = (*Publisher)(nil)

// Options say which endpoint of which repository is meant.
type Options struct {
	// Target is the target, with its endpoint's name.
	Target deployfile.Target
}

// Open prepares for an endpoint of a target of the kind registry. Nothing is sent
// yet, so the context is not used. The credentials are those of docker login.
func Open(_ context.Context, o Options) (*Publisher, error) {
	repository, err := parseRepository(o.Target.Image)
	if err != nil {
		return nil, fmt.Errorf("repository %q: %w", o.Target.Image, err)
	}
	c, err := newClient()
	if err != nil {
		return nil, err
	}
	return &Publisher{client: c, endpoint: o.Target.Endpoint, repository: repository, called: o.Target.Image}, nil
}

// Close implements publish.Publisher.
func (p *Publisher) Close() error { return nil }

// Revisions implements publish.Publisher.
func (p *Publisher) Revisions(ctx context.Context) ([]publish.Revision, error) {
	records, err := p.records(ctx)
	if err != nil {
		return nil, err
	}
	var out []publish.Revision
	for _, r := range records {
		out = append(out, r.Revision)
	}
	return out, nil
}

// wanted is what documents ask of the registry.
func (p *Publisher) wanted(documents []manifests.Document) (*registrykind.Image, error) {
	w, err := registrykind.ParseImage(documents)
	if err != nil {
		return nil, err
	}
	repository, err := parseRepository(w.Repository)
	if err != nil {
		return nil, err
	}
	if repository.Name() != p.repository.Name() {
		return nil, fmt.Errorf("the image is for %s and not for %s: deploy to another target, or delete the endpoint there first", w.Repository, p.called)
	}
	return w, nil
}
