package frontend

import (
	"context"

	bkllb "github.com/moby/buildkit/client/llb"
)

// LayerExporter is a gateway client that can prepare the export of layers while the rest of
// the image is made and verified. BuildKit compresses a layer once, so the export, which
// begins after the last check, then finds the layers compressed. Nothing is delivered
// earlier.
type LayerExporter interface {
	// ExportAhead prepares the export of the file system of each definition. It returns at
	// once, and what it began ends with the build. It calls the function if the build takes
	// long enough for this to be of use.
	ExportAhead(layers func(context.Context) ([]*bkllb.Definition, error))
}

// exportAhead prepares the export of the image's layers, if the client can.
func (c *compiled) exportAhead() {
	client, ok := c.client.(LayerExporter)
	if !ok || !c.states.Merge {
		return
	}
	layers := c.layers.Layers()
	client.ExportAhead(func(ctx context.Context) (out []*bkllb.Definition, err error) {
		for _, l := range layers {
			def, err := l.Marshal(ctx, c.resolver.Gateway.Constraints...)
			if err != nil {
				return nil, err
			}
			out = append(out, def)
		}
		return out, nil
	})
}
