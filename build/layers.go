package build

import (
	"context"
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/content/proxy"
	"github.com/deployfile/deployfile/builder"
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
}

const (
	// maxManifest limits a manifest or an index, in bytes.
	maxManifest = 4 << 20
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
	sizes := map[digest.Digest]int64{}
	if err := addLayers(ctx, store, digest.Digest(r.Metadata[exptypes.ExporterImageDigestKey]), true, sizes); err != nil {
		return nil, err
	}
	out := &Layers{Count: len(sizes)}
	var mu sync.Mutex
	eg, ctx := errgroup.WithContext(ctx)
	eg.SetLimit(layersParallel)
	for d, size := range sizes {
		out.Bytes += size
		eg.Go(func() error {
			info, err := store.Info(ctx, d)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if info.CreatedAt.Before(r.begun) {
				out.Before++
			}
			return nil
		})
	}
	return out, eg.Wait()
}

// addLayers adds the sizes of the layers of a manifest, or of the manifests of an index.
func addLayers(ctx context.Context, store content.Provider, d digest.Digest, index bool, sizes map[digest.Digest]int64) error {
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
	var m struct{ Manifests, Layers []ocispecs.Descriptor }
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	for _, l := range m.Layers {
		sizes[l.Digest] = l.Size
	}
	for _, one := range m.Manifests {
		// An attestation is no image.
		if !index || one.Platform != nil && one.Platform.OS == "unknown" {
			continue
		}
		if err := addLayers(ctx, store, one.Digest, false, sizes); err != nil {
			return err
		}
	}
	return nil
}
