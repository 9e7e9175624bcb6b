//go:build integration

package integration

import (
	"archive/tar"
	"errors"
	"io"
	"maps"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// image is a built image in an OCI layout.
type image struct {
	v1.Image
	// digest is what the build said, and config the image's configuration.
	digest string
	config *v1.ConfigFile
	outcome
}

func openImage(t *testing.T, dir string, o outcome) *image {
	t.Helper()
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 {
		t.Fatalf("the layout holds %d images, want one", len(manifest.Manifests))
	}
	digest := manifest.Manifests[0].Digest
	if said := o.Metadata["containerimage.digest"]; said != digest.String() {
		t.Errorf("the build says that the image is %s, and it is %s", said, digest)
	}
	img, err := index.Image(digest)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	return &image{Image: img, digest: digest.String(), config: config, outcome: o}
}

// layers are the digests of the image's layers by what made them, as the
// history says it.
func (i *image) layers(t *testing.T) map[string]string {
	t.Helper()
	layers, err := i.Layers()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, h := range i.config.History {
		if h.EmptyLayer {
			continue
		}
		if len(layers) == 0 {
			t.Fatalf("the history has more entries than there are layers: %v", i.config.History)
		}
		digest, err := layers[0].Digest()
		if err != nil {
			t.Fatal(err)
		}
		layers = layers[1:]
		out[h.CreatedBy] = digest.String()
	}
	if len(layers) > 0 {
		t.Fatalf("%d layers are not in the history: %v", len(layers), i.config.History)
	}
	return out
}

// installs are the layers of installed wheels, by the packages in them.
func (i *image) installs(t *testing.T) map[string]string {
	t.Helper()
	out := i.layers(t)
	maps.DeleteFunc(out, func(name, _ string) bool { return !strings.HasPrefix(name, "install ") })
	return out
}

// files calls visit with every file of every layer, decompressed.
func (i *image) files(t *testing.T, visit func(h *tar.Header, content io.Reader)) {
	t.Helper()
	layers, err := i.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		r, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		for archive := tar.NewReader(r); ; {
			h, err := archive.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			visit(h, archive)
		}
		r.Close()
	}
}
