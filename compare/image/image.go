// Package image reads built images from a registry, an OCI image layout or an
// OCI archive. It reads manifests and configurations, streams the files of
// layers, and stores nothing on disk.
package image

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/containerd/containerd/v2/core/images"
	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// store returns the blobs of an image by descriptor.
type store interface {
	open(ctx context.Context, d ocispecs.Descriptor) (io.ReadCloser, error)
	Close() error
}

// Image is an image of one or more platforms. Close it when done.
type Image struct {
	// Name is the name that the caller gave.
	Name string
	// Root describes the manifest, or the index of several manifests.
	Root ocispecs.Descriptor
	// Annotations are the index's; nil if Root is a manifest.
	Annotations map[string]string
	// Platforms are sorted by name.
	Platforms []*Platform
	// Attestations describe the attestation manifests.
	Attestations []ocispecs.Descriptor

	store store
	spent *spent
}

// Platform is an image of one platform.
type Platform struct {
	// Name is os/arch, with the variant if the configuration has one.
	Name       string
	Descriptor ocispecs.Descriptor
	Manifest   ocispecs.Manifest
	Config     ocispecs.Image
	// RawManifest and RawConfig are the bytes of both documents.
	RawManifest, RawConfig []byte
	// Layers are ordered from lowest to uppermost.
	Layers []Layer

	store store
	spent *spent
}

// Layer is a layer of an image.
type Layer struct {
	// Descriptor has the digest and size of the blob, as it is transferred.
	ocispecs.Descriptor
	// DiffID is the digest of the uncompressed layer.
	DiffID digest.Digest
	// CreatedBy is the layer's entry in the image's history, or "".
	CreatedBy string
}

// BuildKit marks attestation manifests with this annotation, see its
// docs/attestations/attestation-storage.md.
const (
	referenceType   = "vnd.docker.reference.type"
	attestationType = "attestation-manifest"
)

// Close releases the image.
func (i *Image) Close() error { return i.store.Close() }

// Platform returns the image of a platform, nil if there is none.
func (i *Image) Platform(name string) *Platform {
	for _, p := range i.Platforms {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// load reads the image that root describes.
func load(ctx context.Context, name string, root ocispecs.Descriptor, s store) (*Image, error) {
	i := &Image{Name: name, Root: root, store: s, spent: &spent{}}
	if err := i.add(ctx, root); err != nil {
		return nil, fmt.Errorf("image %s: %w", name, err)
	}
	if len(i.Platforms) == 0 {
		return nil, fmt.Errorf("image %s: it is an index without an image", name)
	}
	slices.SortFunc(i.Platforms, func(a, b *Platform) int { return cmp.Compare(a.Name, b.Name) })
	for n, p := range i.Platforms[1:] {
		if i.Platforms[n].Name == p.Name {
			return nil, fmt.Errorf("image %s: it has two images for %s", name, p.Name)
		}
	}
	return i, nil
}

func (i *Image) add(ctx context.Context, d ocispecs.Descriptor) error {
	if err := take(&i.spent.manifests, 1, maxManifests, "manifests and indexes"); err != nil {
		return err
	}
	switch {
	case d.Annotations[referenceType] == attestationType:
		i.Attestations = append(i.Attestations, d)
		return nil
	case images.IsIndexType(d.MediaType):
		var index ocispecs.Index
		if _, err := i.decode(ctx, d, &index); err != nil {
			return err
		}
		if d.Digest == i.Root.Digest {
			i.Annotations = index.Annotations
		}
		for _, m := range index.Manifests {
			if err := i.add(ctx, m); err != nil {
				return err
			}
		}
		return nil
	case images.IsManifestType(d.MediaType):
		p, err := i.platform(ctx, d)
		if err != nil {
			return err
		}
		i.Platforms = append(i.Platforms, p)
		return nil
	}
	return fmt.Errorf("%s is of type %q, which is not an image", d.Digest, d.MediaType)
}

func (i *Image) platform(ctx context.Context, d ocispecs.Descriptor) (*Platform, error) {
	p := &Platform{Descriptor: d, store: i.store, spent: i.spent}
	var err error
	if p.RawManifest, err = i.decode(ctx, d, &p.Manifest); err != nil {
		return nil, err
	}
	if !images.IsConfigType(p.Manifest.Config.MediaType) {
		return nil, fmt.Errorf("manifest %s has a configuration of type %q, which is not that of an image", d.Digest, p.Manifest.Config.MediaType)
	}
	if p.RawConfig, err = i.decode(ctx, p.Manifest.Config, &p.Config); err != nil {
		return nil, err
	}
	diffIDs := p.Config.RootFS.DiffIDs
	switch {
	case len(diffIDs) > maxLayers:
		return nil, &BoundError{What: fmt.Sprintf("more than %d layers", maxLayers)}
	case len(diffIDs) != len(p.Manifest.Layers):
		return nil, fmt.Errorf("manifest %s has %d layers and its configuration %d", d.Digest, len(p.Manifest.Layers), len(diffIDs))
	}
	made := imageformat.CreatedBy(p.Config.History, len(diffIDs))
	for n, l := range p.Manifest.Layers {
		p.Layers = append(p.Layers, Layer{Descriptor: l, DiffID: diffIDs[n], CreatedBy: made[n]})
	}
	p.Name = platformName(p.Config.Platform)
	return p, nil
}

func platformName(p ocispecs.Platform) string {
	name := p.OS + "/" + p.Architecture
	// Every arm64 image is v8, whether its configuration says so or not.
	if p.Variant != "" && (p.Architecture != "arm64" || p.Variant != "v8") {
		name += "/" + p.Variant
	}
	return name
}

// decode reads a JSON document and verifies its digest.
func (i *Image) decode(ctx context.Context, d ocispecs.Descriptor, into any) ([]byte, error) {
	data, err := readDocument(ctx, i.store, d)
	if err != nil {
		return nil, err
	}
	if err := take(&i.spent.documents, int64(len(data)), maxDocuments, "bytes of manifests and configurations"); err != nil {
		return nil, err
	}
	if err := untrusted.DecodeJSON(data, d.Digest.String(), maxDocument, maxValues, into); err != nil {
		return nil, err
	}
	return data, nil
}

func readDocument(ctx context.Context, s store, d ocispecs.Descriptor) ([]byte, error) {
	if err := d.Digest.Validate(); err != nil {
		return nil, fmt.Errorf("digest %q: %w", d.Digest, err)
	}
	r, err := s.open(ctx, d)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxDocument+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", d.Digest, err)
	case len(data) > maxDocument:
		return nil, &BoundError{What: fmt.Sprintf("a manifest or configuration larger than %d bytes: %s", maxDocument, d.Digest)}
	case d.Digest.Algorithm().FromBytes(data) != d.Digest:
		return nil, &CorruptError{Digest: d.Digest}
	}
	return data, nil
}

// CorruptError reports a blob that does not match its digest.
type CorruptError struct {
	Digest digest.Digest
}

// Error names the blob.
func (e *CorruptError) Error() string {
	return "the blob " + e.Digest.String() + " is damaged: its bytes have another digest"
}

// NotFoundError reports that no image has a name.
type NotFoundError struct {
	// Name is the name of the image, Err why it was not found.
	Name string
	Err  error
}

// Error names the image and the forms of a name.
func (e *NotFoundError) Error() string {
	return fmt.Sprintf("there is no image %s: %v", e.Name, e.Err)
}

// Unwrap returns why the image was not found.
func (e *NotFoundError) Unwrap() error { return e.Err }

var errNoLayout = errors.New("not an OCI image layout")
