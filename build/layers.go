package build

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/content/proxy"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
)

// Layers are those of an image that was built, of all its platforms.
type Layers struct {
	// Count is their number, Before how many of them the builder had before the build.
	Count, Before int
	// Bytes is how large they are together, compressed.
	Bytes int64
	// New are those that the builder did not have before, in the order of the image.
	New []Layer
}

// Layer is a layer of an image.
type Layer struct {
	Digest digest.Digest
	// Size is its compressed size in bytes.
	Size int64
	// CreatedBy is the layer's entry in the image's history, or "".
	CreatedBy string
}

const (
	// maxManifest limits a manifest, an index or a configuration, in bytes.
	maxManifest = 4 << 20
	// maxValues limits the values in one.
	maxValues = 100_000
	// layersDeadline limits what is spent on a line of text.
	layersDeadline = 10 * time.Second
	layersParallel = 16
)

// Layers returns the layers of the image that was built. It fails if there is no image,
// or the builder does not tell: Docker's classic image store has neither manifests nor
// compressed layers.
func (r *Result) Layers(ctx context.Context, b *builder.Builder) (*Layers, error) {
	ctx, cancel := context.WithTimeout(ctx, layersDeadline)
	defer cancel()
	store := proxy.NewContentStore(b.Client.ContentClient())
	layers, err := layersOf(ctx, store, digest.Digest(r.Metadata[exptypes.ExporterImageDigestKey]), true)
	if err != nil {
		return nil, err
	}
	layers = unique(layers)
	before := make([]bool, len(layers))
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(layersParallel)
	for n, l := range layers {
		eg.Go(func() error {
			info, err := store.Info(ctx, l.Digest)
			before[n] = err == nil && info.CreatedAt.Before(r.begun)
			return err
		})
	}
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	out := &Layers{Count: len(layers)}
	for n, l := range layers {
		out.Bytes += l.Size
		if before[n] {
			out.Before++
		} else {
			out.New = append(out.New, l)
		}
	}
	return out, nil
}

// unique returns each layer once, though several platforms may have it.
func unique(layers []Layer) []Layer {
	seen := map[digest.Digest]bool{}
	return slices.DeleteFunc(layers, func(l Layer) bool {
		was := seen[l.Digest]
		seen[l.Digest] = true
		return was
	})
}

// layersOf returns the layers of a manifest, or of the manifests of an index.
func layersOf(ctx context.Context, store content.Provider, d digest.Digest, index bool) ([]Layer, error) {
	var m struct {
		Config            ocispecs.Descriptor
		Manifests, Layers []ocispecs.Descriptor
	}
	if err := readJSON(ctx, store, d, &m); err != nil {
		return nil, err
	}
	var out []Layer
	if len(m.Layers) > 0 {
		var config ocispecs.Image
		if err := readJSON(ctx, store, m.Config.Digest, &config); err != nil {
			return nil, err
		}
		made := imageformat.CreatedBy(config.History, len(m.Layers))
		for n, l := range m.Layers {
			out = append(out, Layer{Digest: l.Digest, Size: l.Size, CreatedBy: made[n]})
		}
	}
	for _, one := range m.Manifests {
		// An attestation is no image.
		if !index || one.Platform != nil && one.Platform.OS == "unknown" {
			continue
		}
		layers, err := layersOf(ctx, store, one.Digest, false)
		if err != nil {
			return nil, err
		}
		out = append(out, layers...)
	}
	return out, nil
}

// readJSON reads a document of the builder's store.
func readJSON(ctx context.Context, store content.Provider, d digest.Digest, into any) error {
	if err := d.Validate(); err != nil {
		return err
	}
	r, err := store.ReaderAt(ctx, ocispecs.Descriptor{Digest: d})
	if err != nil {
		return err
	}
	defer r.Close()
	data, err := untrusted.ReadAll(io.NewSectionReader(r, 0, r.Size()), d.String(), maxManifest)
	if err != nil {
		return err
	}
	return untrusted.DecodeJSON(data, d.String(), maxManifest, maxValues, into)
}
