package kubernetes

import (
	"context"

	"github.com/deployfile/deployfile/publish"
)

// driver is the publish.Driver of an endpoint.
type driver struct{ *connection }

var _ publish.Driver = driver{}

// namespaceOf returns a *NamespaceError if the namespace is missing, which is possible
// as long as nothing is recorded.
func (d driver) namespaceOf(ctx context.Context, records []publish.Record) error {
	if len(records) > 0 {
		return nil
	}
	return d.there(ctx)
}

// Prepare implements publish.Driver: it checks that the cluster would accept the
// revision.
func (d driver) Prepare(ctx context.Context, p *publish.Plan) (publish.Rollout, error) {
	if err := d.namespaceOf(ctx, p.Earlier); err != nil {
		return nil, err
	}
	r := &rollout{driver: d, plan: p}
	var err error
	if r.objects, err = d.objects(ctx, p.Record.Documents); err != nil {
		return nil, err
	}
	if r.recorded, err = d.objectsOf(ctx, p.Earlier); err != nil {
		return nil, err
	}
	if err := d.permitted(ctx, r.objects); err != nil {
		return nil, err
	}
	if r.before, err = d.snapshot(ctx, r.objects); err != nil {
		return nil, err
	}
	if r.older, err = d.madeFor(ctx, r.objects); err != nil {
		return nil, err
	}
	if err := r.tryOut(ctx); err != nil {
		return nil, err
	}
	p.MustWait = redirects(r.previous, r.objects)
	return r, nil
}

// Close implements publish.Driver.
func (driver) Close() error { return nil }
