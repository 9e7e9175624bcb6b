package lab

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// ReadLayout returns the image in an OCI image layout.
func ReadLayout(dir string) (v1.Image, error) {
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

// WriteLayout writes an image as a layout of its own.
func WriteLayout(dir string, img v1.Image) error {
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	return path.AppendImage(img)
}

// PushLayout pushes what is in a layout: an index, or else an image.
func PushLayout(dir, ref string, options ...remote.Option) error {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return err
	}
	m, err := index.IndexManifest()
	if err != nil {
		return err
	}
	r, err := name.ParseReference(ref)
	if err != nil {
		return err
	}
	if m.Manifests[0].MediaType.IsIndex() {
		inner, err := index.ImageIndex(m.Manifests[0].Digest)
		if err != nil {
			return err
		}
		return remote.WriteIndex(r, inner, options...)
	}
	img, err := index.Image(m.Manifests[0].Digest)
	if err != nil {
		return err
	}
	return remote.Write(r, img, options...)
}

// WithFile returns an image with one more layer, which has one file.
func WithFile(img v1.Image, name string, content []byte) (v1.Image, error) {
	layer, err := layerOf(entry{tar.Header{Name: name, Mode: 0o644}, content})
	if err != nil {
		return nil, err
	}
	return mutate.AppendLayers(img, layer)
}

// WithHeaders returns an image with one more layer, of directories, links and what else
// needs no content.
func WithHeaders(img v1.Image, headers ...tar.Header) (v1.Image, error) {
	var entries []entry
	for _, h := range headers {
		entries = append(entries, entry{h, nil})
	}
	layer, err := layerOf(entries...)
	if err != nil {
		return nil, err
	}
	return mutate.AppendLayers(img, layer)
}

// WithConfig returns an image whose configuration is changed.
func WithConfig(img v1.Image, change func(*v1.Config)) (v1.Image, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	change(&config.Config)
	return mutate.ConfigFile(img, config)
}

// entry is a file or a directory of a layer.
type entry struct {
	tar.Header
	content []byte
}

func layerOf(entries ...entry) (v1.Layer, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		e.Size = int64(len(e.content))
		if err := w.WriteHeader(&e.Header); err != nil {
			return nil, err
		}
		if _, err := w.Write(e.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(out.Bytes())), nil })
}

// ARM64 returns what looks like the image of a layout for arm64, as far as a build
// looks at it: no program of an image for another architecture runs on this
// builder.
func ARM64(dir string) (v1.Image, error) {
	img, err := ReadLayout(dir)
	if err != nil {
		return nil, err
	}
	installed, err := readFile(img, "var/lib/dpkg/status")
	if err != nil {
		return nil, err
	}
	for _, f := range []struct{ name, text string }{
		{"usr/lib/aarch64-linux-gnu/libc.so.6", "GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n"},
		{"var/lib/dpkg/status", strings.ReplaceAll(string(installed), "\nArchitecture: amd64\n", "\nArchitecture: arm64\n")},
	} {
		if img, err = WithFile(img, f.name, []byte(f.text)); err != nil {
			return nil, err
		}
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.Architecture = "arm64"
	return mutate.ConfigFile(img, config)
}

// readFile returns the content of a file in an image.
func readFile(img v1.Image, name string) ([]byte, error) {
	root := mutate.Extract(img)
	defer root.Close()
	for archive := tar.NewReader(root); ; {
		h, err := archive.Next()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if strings.TrimPrefix(h.Name, "./") == name {
			return io.ReadAll(archive)
		}
	}
}

// WriteBothPlatforms writes a layout with an index of the base as it is, which
// is for amd64, and of what looks like it for arm64.
func WriteBothPlatforms(dir, base string) error {
	own, err := ReadLayout(base)
	if err != nil {
		return err
	}
	arm, err := ARM64(base)
	if err != nil {
		return err
	}
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: own, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}})
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	// Without a tag, "latest" is what buildx takes of a layout.
	return path.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": "latest"}))
}
