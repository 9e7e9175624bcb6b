package build

import (
	"context"
	"strings"
	"time"

	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/buildkit/client"
)

// mountPatience is how long a build waits for a registry that only the builder reaches.
const mountPatience = 5 * time.Second

// mountModel lets the repositories to which a build pushes have the layers that an
// artifact in the same registry has for an image. BuildKit does so by itself, except for
// a layer that it has unpacked, as to lock it: it keeps no record of where that came from,
// and sends it. The channel is closed when that is done; it stands in no build's way,
// because BuildKit sends what it does not find.
func mountModel(ctx context.Context, exports []client.ExportEntry, artifact *modelsource.Pin) <-chan struct{} {
	done := make(chan struct{})
	from, blobs := imageLayers(artifact)
	go func() {
		defer close(done)
		if len(blobs) == 0 {
			return
		}
		ctx, cancel := context.WithTimeout(ctx, mountPatience)
		defer cancel()
		for _, to := range pushedTo(exports) {
			if to.RegistryStr() == from.RegistryStr() && to.RepositoryStr() != from.RepositoryStr() {
				_ = registryclient.Mount(ctx, to, from, blobs)
			}
		}
	}()
	return done
}

// imageLayers are the layers of an artifact that an image has as they are, and their
// repository.
func imageLayers(artifact *modelsource.Pin) (from name.Repository, blobs []v1.Hash) {
	if artifact == nil {
		return from, nil
	}
	ref, err := registryclient.ParseReference(artifact.Resolved)
	if err != nil {
		return from, nil // the frontend reports it
	}
	for _, l := range artifact.Layers {
		if digest, err := v1.NewHash(l.Digest); err == nil && l.Image != "" {
			blobs = append(blobs, digest)
		}
	}
	return ref.Context(), blobs
}

// pushedTo are the repositories to which exports push.
func pushedTo(exports []client.ExportEntry) (out []name.Repository) {
	for _, e := range exports {
		if !pushes(e.Attrs) {
			continue
		}
		for image := range strings.SplitSeq(e.Attrs["name"], ",") {
			if ref, err := registryclient.ParseReference(image); err == nil {
				out = append(out, ref.Context())
			}
		}
	}
	return out
}
