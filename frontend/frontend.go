// Package frontend is the BuildKit frontend: it reads the Deployfile and its
// lock through BuildKit's gateway, has the resolver answer what is open, has
// llb make the image, and returns it with its config. The CLI runs it in its
// own process, docker buildx build as an image; both get the same digest.
//
// A build is a chain of values, each made from the one before it: request (what
// the caller asks for), document and project (the Deployfile), inputs (with the
// model and the lock beside it), locked (with the lock to build from) and compiled
// (the plan and the states of one platform).
//
// Promise: Build is a BuildFunc of BuildKit's gateway and needs nothing else of its
// process: no file, no environment variable, no network. The names of outputs and of
// build arguments stay.
package frontend

import (
	"context"

	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// Build is BuildKit's BuildFunc (gateway/client). Its errors carry the lines of the
// Deployfile that they are about.
func Build(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
	res, err := run(ctx, c)
	if err != nil {
		return nil, gatewayError{err}
	}
	return res, nil
}

func run(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
	r, err := newRequest(c)
	if err != nil {
		return nil, err
	}
	if res, ok, err := r.subrequest(ctx); ok || err != nil {
		return res, err
	}
	in, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	res, err := r.output.build(ctx, in)
	if err == nil {
		err = in.addExample(res)
	}
	return res, in.locateSource(err)
}

// read reads all that a build is made from.
func (r *request) read(ctx context.Context) (*inputs, error) {
	p, err := r.readProject(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.checkTarget(); err != nil {
		return nil, err
	}
	in, err := p.read(ctx)
	return in, p.locateSource(err)
}

// readProject reads the Deployfile alone.
func (r *request) readProject(ctx context.Context) (*project, error) {
	d, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	p, err := d.parse(ctx)
	return p, d.locateSource(err)
}
