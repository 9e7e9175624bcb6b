package frontend

import (
	"context"

	"github.com/deployfile/deployfile/internal/platform"
	"github.com/deployfile/deployfile/resolver"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/frontend/dockerui"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
)

// buildImage builds the outputs that are images. The model's hashes, the image and its
// verification are worked out side by side.
func buildImage(ctx context.Context, in *inputs) (*gwclient.Result, error) {
	if err := in.checkFormat(ctx); err != nil {
		return nil, err
	}
	l, err := in.useLock(ctx)
	if err != nil {
		return nil, err
	}
	if err := in.setPlatforms(); err != nil {
		return nil, err
	}
	eg, egctx := errgroup.WithContext(ctx)
	eg.Go(func() error { return l.checkModel(egctx) })
	var result *dockerui.ResultBuilder
	made := make([]*compiled, len(in.ui.TargetPlatforms))
	eg.Go(func() (err error) {
		result, err = in.ui.Build(egctx, func(ctx context.Context, wanted *ocispecs.Platform, n int) (*dockerui.BuildResult, error) {
			var err error
			if made[n], err = l.compile(ctx, platform.Name(*wanted)); err != nil {
				return nil, err
			}
			return made[n].image(ctx)
		})
		return err
	})
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	for _, c := range made {
		if err := c.attest(ctx, result.Result); err != nil {
			return nil, err
		}
	}
	l.annotate(result.Result)
	return result.Finalize()
}

// annotate says where the model came from, in the index that an image with an SBOM has.
// A label or an annotation of the manifest would make another image of the same model in
// another store; and an image without an index, which may have to be one of Docker's
// format, has no place for it.
func (l *locked) annotate(res *gwclient.Result) {
	if l.ui.SBOM == nil || l.output.image != nil && !l.output.image.model() {
		return
	}
	for _, f := range l.pin.Provenance() {
		res.AddMeta(exptypes.AnnotationManifestDescriptorKey(nil, f.Label), []byte(f.Value))
	}
}

// image makes the image of one platform.
func (c *compiled) image(ctx context.Context) (*dockerui.BuildResult, error) {
	contents := c.contents()
	config, base, err := contents.config(c.plan, c.base)
	if err != nil {
		return nil, err
	}
	var checks []bkllb.State
	if model := c.context.Model; contents.server && model.Files == nil && !c.resolver.Small(ctx, model) {
		checks = append(checks, c.tools.Run(resolver.ModelStep(model)))
	}
	verify, verifies := c.verification(ctx)
	if verifies {
		checks = append(checks, verify)
	}
	c.exportAhead()
	c.layers.State = c.plan.Checked(c.states, c.layers, checks...)
	var ref gwclient.Reference
	eg, egctx := errgroup.WithContext(ctx)
	if verifies && !c.states.Merge {
		eg.Go(func() error {
			_, err := c.resolver.Gateway.Solve(egctx, verify)
			return err
		})
	}
	if contents.check != nil {
		eg.Go(func() error { return contents.check(egctx, c) })
	}
	eg.Go(func() (err error) {
		// This makes the layers, and does not put their files together.
		ref, err = c.resolver.Gateway.Solve(egctx, c.layers.State)
		return err
	})
	if err := eg.Wait(); err != nil {
		return nil, c.explain(ctx, err)
	}
	return &dockerui.BuildResult{Reference: ref, Image: config, BaseImage: base, Epoch: config.Created}, nil
}
