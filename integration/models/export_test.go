//go:build integration

package models

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/content/proxy"
	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// writeWeights writes a file of the model that no compression makes smaller.
func writeWeights(t *testing.T, p *buildtest.Project, size int) {
	t.Helper()
	data := make([]byte, size)
	source := rand.NewChaCha8([32]byte{1})
	if _, err := source.Read(data); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.Path("model/weights.bin"), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestCompressedBesideVerification fails to verify an image, after some seconds: its layers
// were compressed meanwhile, and nothing was exported.
func TestCompressedBesideVerification(t *testing.T) {
	p := shared.Tiny(t, "").On(shared.Second(t))
	const size = 32 << 20
	writeWeights(t, p, size)
	p.Write(t, "code/answer.py", "import time\ntime.sleep(8)\nraise SystemExit('it does not start')\n")
	p.Lock(t)
	_, _, err := p.TryBuild(t, nil) // which fails the test if something is exported
	buildtest.WantError(t, err, "it does not start")
	var found bool
	err = proxy.NewContentStore(p.Builder.Client.ContentClient()).Walk(t.Context(), func(info content.Info) error {
		found = found || info.Size > size && info.Size < size+1<<20
		return nil
	})
	if err != nil || !found {
		t.Errorf("the builder has no layer of the weights, %v", err)
	}
}

// TestZstd has a builder that has compressed the layers with gzip compress them with zstd,
// and another one the other way around: both make the same two images, of the same files.
// The layers of the base stay as they are.
func TestZstd(t *testing.T) {
	gzip := shared.Tiny(t, "")
	writeWeights(t, gzip, 5<<20)
	gzip.Lock(t)
	zstd := func(o *build.Options) {
		o.Source = []byte("image.compression = \"zstd\"\n" + gzip.Read(t, "Deployfile"))
	}
	second := gzip.On(shared.Second(t))
	one, two := gzip.Build(t), gzip.BuildWith(t, zstd)
	if other := second.BuildWith(t, zstd); other.Digest != two.Digest {
		t.Errorf("with zstd, a builder that had layers of gzip makes %s, one that had none %s", two.Digest, other.Digest)
	}
	if other := second.Build(t); other.Digest != one.Digest {
		t.Errorf("with gzip, a builder that had none makes %s, one that had layers of zstd %s", one.Digest, other.Digest)
	}
	if a, b := one.Config.RootFS.DiffIDs, two.Config.RootFS.DiffIDs; !slices.Equal(a, b) {
		t.Errorf("the files are %v, and with zstd %v", a, b)
	}
	var kinds [2][]types.MediaType
	for n, image := range []*buildtest.Image{one, two} {
		layers, err := image.V1.Layers()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range layers {
			kind, err := l.MediaType()
			if err != nil {
				t.Fatal(err)
			}
			kinds[n] = append(kinds[n], kind)
		}
	}
	// The base, which is one layer, the virtual environment and so on.
	for n := range kinds[0] {
		want := map[bool]types.MediaType{true: types.OCILayer, false: types.OCILayerZStd}[n == 0]
		if kinds[0][n] != types.OCILayer || kinds[1][n] != want {
			t.Errorf("layer %d is of type %s, and with zstd of type %s", n, kinds[0][n], kinds[1][n])
		}
	}
}
