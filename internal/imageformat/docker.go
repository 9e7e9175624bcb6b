package imageformat

import (
	"bytes"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// dockerManifest converts an image to Docker's media types; an image that has
// them already is returned as it is.
func dockerManifest(image platformImage) (Image, error) {
	raw, err := image.RawManifest()
	if err != nil {
		return nil, err
	}
	var m ocispecs.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("manifest of the image for %s: %w", image.platform.Architecture, err)
	}
	mediaType, err := image.MediaType()
	if err != nil {
		return nil, err
	}
	same := mediaType == types.DockerManifestSchema2
	switch types.MediaType(m.Config.MediaType) {
	case types.DockerConfigJSON:
	case types.OCIConfigJSON:
		same = false
	default:
		return nil, fmt.Errorf("a manifest has a configuration of type %q, which is not that of an image", m.Config.MediaType)
	}
	for n, l := range m.Layers {
		docker, err := dockerLayer(l)
		if err != nil {
			return nil, err
		}
		same = same && docker == l.MediaType
		m.Layers[n].MediaType, m.Layers[n].Annotations = docker, nil
	}
	if same {
		return image.Image, nil
	}
	m.MediaType = string(types.DockerManifestSchema2)
	m.Config = ocispecs.Descriptor{MediaType: string(types.DockerConfigJSON), Digest: m.Config.Digest, Size: m.Config.Size}
	m.ArtifactType, m.Subject = "", nil
	raw, err = encode(m)
	return &converted{Image: image.Image, raw: raw}, err
}

func dockerLayer(l ocispecs.Descriptor) (string, error) {
	switch t := types.MediaType(l.MediaType); t {
	case types.DockerLayer, types.DockerUncompressedLayer, types.DockerForeignLayer:
		return l.MediaType, nil
	case types.OCILayer:
		return string(types.DockerLayer), nil
	case types.OCIUncompressedLayer:
		return string(types.DockerUncompressedLayer), nil
	case types.OCIRestrictedLayer:
		return string(types.DockerForeignLayer), nil
	}
	return "", &LayerError{Digest: l.Digest.String(), MediaType: l.MediaType}
}

// dockerList returns a manifest list of images; from is returned as it is if it
// is that list already.
func dockerList(from Image, images []platformImage) (Image, error) {
	list := ocispecs.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: string(types.DockerManifestList)}
	made := &convertedList{images: map[v1.Hash]v1.Image{}}
	for _, i := range images {
		docker, err := dockerManifest(i)
		if err != nil {
			return nil, err
		}
		image := docker.(v1.Image)
		d, err := partial.Descriptor(image)
		if err != nil {
			return nil, err
		}
		made.images[d.Digest] = image
		list.Manifests = append(list.Manifests, ocispecs.Descriptor{
			MediaType: string(types.DockerManifestSchema2), Digest: digest.Digest(d.Digest.String()), Size: d.Size, Platform: &i.platform,
		})
	}
	if same, err := holdsAlready(from, list.Manifests); same || err != nil {
		return from, err
	}
	var err error
	made.raw, err = encode(list)
	return made, err
}

// holdsAlready reports whether an index is a manifest list of exactly these
// manifests.
func holdsAlready(from Image, manifests []ocispecs.Descriptor) (bool, error) {
	index, ok := from.(v1.ImageIndex)
	if !ok {
		return false, nil
	}
	had, err := index.IndexManifest()
	if err != nil || had.MediaType != types.DockerManifestList || len(had.Manifests) != len(manifests) {
		return false, err
	}
	for n, d := range had.Manifests {
		if d.Digest.String() != manifests[n].Digest.String() {
			return false, nil
		}
	}
	return true, nil
}

// encode encodes as BuildKit's exporter does, so that the digests are the same.
func encode(value any) ([]byte, error) { return json.MarshalIndent(value, "", "  ") }

// converted is an image with another manifest.
type converted struct {
	// Image has the layers and the configuration.
	v1.Image
	raw []byte
}

var _ v1.Image = (*converted)(nil)

// MediaType implements v1.Image.
func (c *converted) MediaType() (types.MediaType, error) { return types.DockerManifestSchema2, nil }

// RawManifest implements v1.Image.
func (c *converted) RawManifest() ([]byte, error) { return c.raw, nil }

// Manifest implements v1.Image.
func (c *converted) Manifest() (*v1.Manifest, error) { return v1.ParseManifest(bytes.NewReader(c.raw)) }

// Digest implements v1.Image.
func (c *converted) Digest() (v1.Hash, error) { return partial.Digest(c) }

// Size implements v1.Image.
func (c *converted) Size() (int64, error) { return int64(len(c.raw)), nil }

// convertedList is a manifest list of images.
type convertedList struct {
	raw    []byte
	images map[v1.Hash]v1.Image
}

var _ v1.ImageIndex = (*convertedList)(nil)

// MediaType implements v1.ImageIndex.
func (c *convertedList) MediaType() (types.MediaType, error) { return types.DockerManifestList, nil }

// RawManifest implements v1.ImageIndex.
func (c *convertedList) RawManifest() ([]byte, error) { return c.raw, nil }

// IndexManifest implements v1.ImageIndex.
func (c *convertedList) IndexManifest() (*v1.IndexManifest, error) {
	return v1.ParseIndexManifest(bytes.NewReader(c.raw))
}

// Digest implements v1.ImageIndex.
func (c *convertedList) Digest() (v1.Hash, error) { return partial.Digest(c) }

// Size implements v1.ImageIndex.
func (c *convertedList) Size() (int64, error) { return int64(len(c.raw)), nil }

// Image implements v1.ImageIndex.
func (c *convertedList) Image(digest v1.Hash) (v1.Image, error) {
	if image := c.images[digest]; image != nil {
		return image, nil
	}
	return nil, fmt.Errorf("the manifest list has no image %s", digest)
}

// ImageIndex implements v1.ImageIndex.
func (c *convertedList) ImageIndex(digest v1.Hash) (v1.ImageIndex, error) {
	return nil, fmt.Errorf("the manifest list has no index %s", digest)
}
