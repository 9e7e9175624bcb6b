package build

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/frontend"
	"github.com/moby/buildkit/client"
	bkllb "github.com/moby/buildkit/client/llb"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/session"
)

// aheadDelay is how long a build takes before its layers are exported ahead: a build that
// changes little is done by then.
const aheadDelay = time.Second

// ahead compresses layers as soon as they are made, while others are made and the image is
// verified: by builds of their own, in the same session, whose images have no name and go
// nowhere.
type ahead struct {
	builder *builder.Builder
	opt     client.SolveOpt
	// ctx ends with the build, wait waits for what began.
	ctx    context.Context
	cancel context.CancelFunc
	wait   sync.WaitGroup
}

// newAhead makes a session for the build and for what is exported ahead. It returns nil if
// that is of no use, since Docker's own builder compresses nothing; or if it might run steps
// that the build does not: those that a cache spares it, or that it runs again.
func newAhead(ctx context.Context, b *builder.Builder, opt *client.SolveOpt) (*ahead, error) {
	attrs := compression(opt.Exports)
	_, again := opt.FrontendAttrs["no-cache"]
	if attrs == nil || b.Kind == builder.Docker || len(opt.CacheImports) > 0 || again {
		return nil, nil
	}
	var err error
	if opt.SharedSession, err = session.NewSession(ctx, opt.SharedKey); err != nil {
		return nil, err
	}
	a := &ahead{builder: b, opt: client.SolveOpt{
		SharedSession: opt.SharedSession, SessionPreInitialized: true, LocalMounts: opt.LocalMounts,
		Exports:             []client.ExportEntry{{Type: client.ExporterImage, Attrs: attrs}},
		AllowedEntitlements: opt.AllowedEntitlements,
		// It is no build that a history has to list.
		Internal: true,
	}}
	a.ctx, a.cancel = context.WithCancel(ctx)
	return a, nil
}

// client returns the client to give to the frontend.
func (a *ahead) client(c gwclient.Client) gwclient.Client {
	if a == nil {
		return c
	}
	return aheadClient{c, a}
}

// end ends what began.
func (a *ahead) end() {
	if a != nil {
		a.cancel()
		a.wait.Wait()
	}
}

// compression returns the options of the exports that say how layers are compressed; nil if
// none compresses layers, or if they differ.
func compression(exports []client.ExportEntry) map[string]string {
	var found map[string]string
	for _, e := range exports {
		if !compresses(e) {
			continue
		}
		attrs := map[string]string{}
		for _, name := range []string{attrCompression, "force-compression", "compression-level"} {
			if value := e.Attrs[name]; value != "" {
				attrs[name] = value
			}
		}
		if found != nil && !maps.Equal(found, attrs) {
			return nil
		}
		found = attrs
	}
	return found
}

type aheadClient struct {
	gwclient.Client
	ahead *ahead
}

var _ frontend.LayerExporter = aheadClient{}

// ExportAhead implements frontend.LayerExporter. An error comes again with the export.
func (c aheadClient) ExportAhead(layers func(context.Context) ([]*bkllb.Definition, error)) {
	a := c.ahead
	a.wait.Go(func() {
		select {
		case <-a.ctx.Done():
			return
		case <-time.After(aheadDelay):
		}
		definitions, err := layers(a.ctx)
		if err != nil {
			return
		}
		for _, layer := range definitions {
			a.wait.Go(func() { _, _ = a.builder.Client.Solve(a.ctx, layer, a.opt, nil) })
		}
	})
}
