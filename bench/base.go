package main

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// pushBases pushes the image of an OCI layout as base:1, and as base:2 with one
// more small layer, like a security fix of the base.
func pushBases(ctx context.Context, r *registry, dir string) error {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return fmt.Errorf("the base image: %w", err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return fmt.Errorf("the base image: %w", err)
	}
	if len(manifest.Manifests) != 1 {
		return fmt.Errorf("the base image: %s has %d images, not one", dir, len(manifest.Manifests))
	}
	first, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		return err
	}
	fix, err := fileLayer("etc/base-revision", "2\n")
	if err != nil {
		return err
	}
	second, err := mutate.AppendLayers(first, fix)
	if err != nil {
		return err
	}
	for tag, img := range map[string]v1.Image{"base:1": first, "base:2": second} {
		if err := r.push(ctx, tag, img); err != nil {
			return fmt.Errorf("push %s: %w", tag, err)
		}
	}
	return nil
}

// fileLayer is a layer with one file.
func fileLayer(name, content string) (v1.Layer, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
		return nil, err
	}
	if _, err := w.Write([]byte(content)); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(out.Bytes())), nil
	})
}
