package deploy

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/internal/pipe"
	"github.com/deployfile/deployfile/internal/platform"
	"github.com/deployfile/deployfile/publish"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
)

// push builds and pushes to repositories, by digest; without any it builds to
// know the digest.
func (w *deliveries) push(ctx context.Context, output, format string, repositories []string) (string, error) {
	opt := w.options(output)
	export := client.ExportEntry{Type: client.ExporterImage, Attrs: formatAttributes(format)}
	if format == imageformat.DockerManifest && len(w.platforms(opt)) > 1 {
		return "", usage("format %q holds one platform, and the Deployfile has %s: give --platform", format, strings.Join(w.platforms(opt), ", "))
	}
	if err := w.checkPush(ctx); err != nil {
		return "", err
	}
	if len(repositories) > 0 {
		maps.Copy(export.Attrs, map[string]string{"name": strings.Join(repositories, ","), "push": "true", "push-by-digest": "true"})
	}
	opt.Exports = []client.ExportEntry{export}
	r, err := w.run(ctx, opt)
	if err != nil {
		return "", err
	}
	dgst := r.Metadata[exptypes.ExporterImageDigestKey]
	if dgst == "" {
		return "", errors.New("the builder did not report the digest of the image: use a newer BuildKit")
	}
	for _, repository := range repositories {
		w.progress().Wait("tagging " + repository)
		if err := keep(ctx, repository, dgst); err != nil {
			return "", err
		}
		w.progress().Say("pushed " + repository + "@" + dgst)
	}
	return dgst, nil
}

// formatAttributes are what the exporter is told of a form of package
// imageformat.
func formatAttributes(format string) map[string]string {
	if format == imageformat.Docker || format == imageformat.DockerManifest {
		return map[string]string{"oci-mediatypes": "false"}
	}
	return map[string]string{}
}

// checkPush finds a builder that cannot push, nor say what would be pushed,
// before it builds.
func (w *deliveries) checkPush(ctx context.Context) error {
	if w.builder.Kind != builder.Docker {
		return nil
	}
	engine, err := w.findEngine(ctx)
	if err != nil {
		return err
	}
	return engine.CheckPush()
}

func (w *deliveries) findEngine(ctx context.Context) (*build.Engine, error) {
	var err error
	if w.engine == nil {
		w.engine, err = build.FindEngine(ctx)
	}
	return w.engine, err
}

// imported hands the image to the target's own engine.
func (w *deliveries) imported(ctx context.Context, d delivery) (string, error) {
	opt := w.options(frontend.OutputImage)
	switch all := opt.Platforms; {
	case len(all) > 1:
		return "", usage("an engine runs one platform: target %q cannot have %s", d.Name, strings.Join(all, ", "))
	case len(all) == 0:
		opt.Platforms = []string{platform.Name(w.builder.Platform())}
	}
	r, err := w.kept(ctx, opt)
	if err != nil {
		return "", err
	}
	image := imageID(r, d)
	// What the engine has of an earlier revision need not be carried there.
	if d.dry || d.importer == nil || slices.Contains(d.had, image) {
		return image, nil
	}
	if d.Needs().Store == deployfile.StoreDocker && w.builder.Kind == builder.Docker {
		// It is the same engine.
		if w.engine.HasManifests() {
			return r.Metadata[exptypes.ExporterImageDigestKey], nil
		}
		return r.Metadata[exptypes.ExporterImageConfigDigestKey], nil
	}
	archive := &importing{ctx: ctx, importer: d.importer}
	opt.Repeated = true
	opt.Exports = []client.ExportEntry{{
		Type: client.ExporterDocker, Attrs: formatAttributes(imageformat.Docker),
		Output: func(map[string]string) (io.WriteCloser, error) { return archive.open(), nil },
	}}
	_, err = w.run(ctx, opt)
	refused := archive.end(err)
	if err != nil {
		if refused != nil && !errors.Is(refused, err) && ctx.Err() == nil {
			err = refused
		}
		return "", atTarget(d.Target, err)
	}
	w.progress().Say(d.Name + ": has image " + archive.image)
	return archive.image, nil
}

// kept builds an image that has no name, and stays where it was built.
func (w *deliveries) kept(ctx context.Context, opt build.Options) (*build.Result, error) {
	if w.builder.Kind != builder.Docker {
		opt.Exports = []client.ExportEntry{{Type: client.ExporterImage, Attrs: formatAttributes(imageformat.Docker)}}
		return w.run(ctx, opt)
	}
	engine, err := w.findEngine(ctx)
	if err != nil {
		return nil, err
	}
	opt.Outputs = []build.Output{engine.Unnamed(w.builder)}
	return w.run(ctx, opt)
}

// imageID is how an engine would call an image: by the digest of its manifest
// or, as Docker's older store does, of its configuration. What the engine has
// already tells which.
func imageID(r *build.Result, d delivery) string {
	manifest, config := r.Metadata[exptypes.ExporterImageDigestKey], r.Metadata[exptypes.ExporterImageConfigDigestKey]
	for _, image := range d.had {
		if image == config || strings.HasSuffix(image, manifest) {
			return image
		}
	}
	if d.Needs().Store == deployfile.StoreContainerd {
		return manifest
	}
	return config
}

// importing is an archive on its way from the builder to an engine.
type importing struct {
	ctx      context.Context
	importer publish.Importer

	archive *pipe.Writer
	image   string
}

// open starts to import, anew if the build does; the result is a writer whose
// Close returns when the engine has the image.
func (i *importing) open() io.WriteCloser {
	_ = i.end(errors.New("the build starts anew"))
	i.archive = pipe.To(func(archive io.Reader) (err error) {
		i.image, err = i.importer.Import(i.ctx, archive)
		return err
	})
	return i.archive
}

// end ends an archive that may be incomplete, and returns what the engine said.
func (i *importing) end(err error) error {
	if i.archive == nil {
		return nil
	}
	return i.archive.CloseWithError(err)
}

// options are those of a build of an output.
func (w *deliveries) options(output string) build.Options {
	opt := w.Build
	opt.Target, opt.Outputs, opt.Exports, opt.Then = output, nil, nil, nil
	if output == frontend.OutputImage {
		opt.Target = ""
	}
	return opt
}

// platforms are those that are built for, as far as they are written down.
func (w *deliveries) platforms(opt build.Options) []string {
	if len(opt.Platforms) > 0 {
		return opt.Platforms
	}
	return w.Project.File.Image.Platforms
}

// run builds, with the builder's own display.
func (w *deliveries) run(ctx context.Context, opt build.Options) (*build.Result, error) {
	w.progress().Done()
	r, err := build.Run(ctx, w.builder, opt)
	if err == nil && w.Warn != nil {
		w.Warn(r.Warnings)
	}
	return r, err
}
