package buildtest

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

// Image is a built image in an OCI layout.
type Image struct {
	// V1 reads the layout.
	V1 v1.Image
	// Digest is what the build reported.
	Digest string
	Config *v1.ConfigFile
	Outcome
}

func openImage(t *testing.T, dir string, o Outcome) *Image {
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
	return &Image{V1: img, Digest: digest.String(), Config: config, Outcome: o}
}

// Layers returns the digests of the image's layers by what made them, by the
// history.
func (i *Image) Layers(t *testing.T) map[string]string {
	t.Helper()
	layers, err := i.V1.Layers()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, h := range i.Config.History {
		if h.EmptyLayer {
			continue
		}
		if len(layers) == 0 {
			t.Fatalf("the history has more entries than there are layers: %v", i.Config.History)
		}
		digest, err := layers[0].Digest()
		if err != nil {
			t.Fatal(err)
		}
		layers = layers[1:]
		out[h.CreatedBy] = digest.String()
	}
	if len(layers) > 0 {
		t.Fatalf("%d layers are not in the history: %v", len(layers), i.Config.History)
	}
	return out
}

// Installs returns the layers of installed wheels, by the packages in them.
func (i *Image) Installs(t *testing.T) map[string]string {
	t.Helper()
	out := i.Layers(t)
	maps.DeleteFunc(out, func(name, _ string) bool { return !strings.HasPrefix(name, "install ") })
	return out
}

// Files calls visit with every file of every layer, decompressed.
func (i *Image) Files(t *testing.T, visit func(h *tar.Header, content io.Reader)) {
	t.Helper()
	layers, err := i.V1.Layers()
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
