package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/compare/image"
	"github.com/deployfile/deployfile/frontend"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	"github.com/moby/buildkit/util/compression"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/containerd/platforms"
)

// Builder is a builder that reuses nothing of earlier builds.
type Builder struct {
	*builder.Builder
	// noCache reports whether the builder has a cache, which must not be used.
	noCache bool
	cleanUp func() error
}

// stopDeadline is how long an embedded builder may take to stop.
const stopDeadline = 30 * time.Second

// FindBuilder returns the builder of o or Docker's, or else starts an embedded
// builder with empty state, which Close removes.
func FindBuilder(ctx context.Context, o builder.Options) (*Builder, error) {
	dir, err := os.MkdirTemp("", "deployfile-verify-")
	if err != nil {
		return nil, err
	}
	o.StateDir = dir
	cleanUp := func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopDeadline)
		defer cancel()
		_, err := builder.StopEmbedded(ctx, o)
		return errors.Join(err, os.RemoveAll(dir))
	}
	b, err := builder.Find(ctx, o)
	if err != nil {
		return nil, errors.Join(err, cleanUp())
	}
	return &Builder{Builder: b, noCache: b.Kind != builder.Embedded, cleanUp: cleanUp}, nil
}

// Close closes the builder.
func (b *Builder) Close() error { return errors.Join(b.Builder.Close(), b.cleanUp()) }

// Rebuild builds what o describes, from the lock, for the platforms and with
// the compression of an image, into a directory that must be empty. It copies
// the image's annotations, which do not come from the lock.
func Rebuild(ctx context.Context, b *Builder, o build.Options, like *image.Image, dir string) (*image.Image, error) {
	o.Target, o.Platforms = "", nil
	for _, p := range like.Platforms {
		o.Platforms = append(o.Platforms, p.Name)
	}
	o.Args = maps.Clone(o.Args)
	if o.Args == nil {
		o.Args = map[string]string{}
	}
	o.Args[frontend.ArgLocked] = "1"
	o.NoCache = o.NoCache || b.noCache
	o.Outputs = nil
	o.Exports = []client.ExportEntry{{Type: client.ExporterOCI, OutputDir: dir, Attrs: packing(like)}}
	if _, err := build.Run(ctx, b.Builder, o); err != nil {
		return nil, fmt.Errorf("build it again: %w", err)
	}
	return image.Open(ctx, "oci-layout://"+dir)
}

// packing returns the exporter's attributes that reproduce an image's
// compression and annotations.
func packing(like *image.Image) map[string]string {
	attrs := map[string]string{"tar": "false"}
	for _, p := range like.Platforms {
		if !strings.HasPrefix(p.Descriptor.MediaType, "application/vnd.oci.") {
			attrs[string(exptypes.OptKeyOCITypes)] = "false"
		}
		id, err := platforms.Parse(p.Name)
		if err != nil {
			continue
		}
		for key, value := range p.Manifest.Annotations {
			attrs[exptypes.AnnotationManifestKey(&id, key)] = value
		}
	}
	layers := like.Platforms[0].Layers
	if len(layers) == 0 {
		return attrs
	}
	last := layerCompression(layers[len(layers)-1].Descriptor)
	attrs["compression"], attrs["force-compression"] = last, "true"
	if last == compression.Gzip.String() {
		attrs["force-compression"] = "false"
	}
	for _, l := range layers {
		if layerCompression(l.Descriptor) != last {
			// The base's layers keep their compression.
			attrs["force-compression"] = "false"
		}
	}
	return attrs
}

// The annotation of an eStargz layer, see containerd's stargz-snapshotter,
// docs/estargz.md.
const stargzTOC = "containerd.io/snapshot/stargz/toc.digest"

func layerCompression(d ocispecs.Descriptor) string {
	switch {
	case d.Annotations[stargzTOC] != "":
		return compression.EStargz.String()
	case strings.HasSuffix(d.MediaType, "+zstd"):
		return compression.Zstd.String()
	case strings.HasSuffix(d.MediaType, "gzip"):
		return compression.Gzip.String()
	}
	return compression.Uncompressed.String()
}
