package buildx

import (
	"archive/tar"
	"bytes"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// makeBases writes an image index with the base for the builder's own platform
// and with what looks like the base for arm64, as far as a build looks at it:
// no program of an image for another architecture runs on this builder.
func makeBases() error {
	own, err := layoutImage(lab.base)
	if err != nil {
		return err
	}
	libc, err := fileLayer("usr/lib/aarch64-linux-gnu/libc.so.6", []byte("GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n"))
	if err != nil {
		return err
	}
	arm, err := mutate.AppendLayers(own, libc)
	if err != nil {
		return err
	}
	config, err := arm.ConfigFile()
	if err != nil {
		return err
	}
	config = config.DeepCopy()
	config.Architecture = "arm64"
	if arm, err = mutate.ConfigFile(arm, config); err != nil {
		return err
	}
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: own, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}})
	path, err := layout.Write(lab.bases, empty.Index)
	if err != nil {
		return err
	}
	// Without a tag, "latest" is what buildx takes of a layout.
	return path.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": "latest"}))
}

func layoutImage(dir string) (v1.Image, error) {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	return index.Image(manifest.Manifests[0].Digest)
}

// fileLayer is a layer with one file.
func fileLayer(name string, content []byte) (v1.Layer, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(out.Bytes())), nil })
}
