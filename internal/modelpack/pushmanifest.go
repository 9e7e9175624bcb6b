package modelpack

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"strings"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/registryclient"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// manifests puts the artifact's configuration and manifest, and the images by which a
// builder mounts its layers.
func (p *push) manifests(ctx context.Context, layers []*layer, descriptors []ocispecs.Descriptor) (v1.Hash, error) {
	m := p.Model
	configuration := config{
		Descriptor: descriptor{CreatedAt: m.Created, Name: m.RegisteredName, Version: m.RegisteredVersion},
		FS:         modelFS{Type: "layers"},
		Config:     json.RawMessage(`{"format":"mlflow"}`),
	}
	for _, d := range descriptors {
		configuration.FS.DiffIDs = append(configuration.FS.DiffIDs, d.Digest.String())
	}
	c, err := registryclient.New()
	if err != nil {
		return v1.Hash{}, err
	}
	configured, err := p.blob(ctx, ConfigType, []byte(marshal(configuration)))
	if err != nil {
		return v1.Hash{}, err
	}
	manifest := document{ocispecs.MediaTypeImageManifest, []byte(marshal(ocispecs.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispecs.MediaTypeImageManifest,
		ArtifactType: ArtifactType,
		Config:       configured,
		Layers:       descriptors,
		Annotations:  p.annotations(),
	}))}
	repository := p.to.Context()
	if err := c.Pusher.Put(ctx, repository.Digest(manifest.digest().String()), manifest); err != nil {
		return v1.Hash{}, err
	}
	if err := p.images(ctx, c, layers, descriptors, manifest); err != nil {
		return v1.Hash{}, err
	}
	return v1.NewHash(string(manifest.digest()))
}

func (p *push) annotations() map[string]string {
	m := p.Model
	out := map[string]string{
		ocispecs.AnnotationCreated:            m.Created,
		ocispecs.AnnotationTitle:              m.RegisteredName,
		ocispecs.AnnotationVersion:            m.RegisteredVersion,
		imagespec.LabelModelFlavors:           strings.Join(m.Flavors, ","),
		imagespec.LabelModelID:                m.ModelID,
		imagespec.LabelModelRunID:             m.RunID,
		imagespec.LabelModelRegisteredName:    m.RegisteredName,
		imagespec.LabelModelRegisteredVersion: m.RegisteredVersion,
		imagespec.LabelModelMLflow:            m.MLflowVersion,
	}
	if !p.Raw {
		out[RootKey] = strings.TrimPrefix(imagespec.ModelDir, "/")
	}
	maps.DeleteFunc(out, func(_, v string) bool { return v == "" })
	return out
}

// blob puts a small blob.
func (p *push) blob(ctx context.Context, mediaType string, data []byte) (ocispecs.Descriptor, error) {
	d := ocispecs.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
	h, err := v1.NewHash(d.Digest.String())
	if err != nil {
		return d, err
	}
	if there, err := p.uploader.Has(ctx, h); there || err != nil {
		return d, err
	}
	_, err = p.uploader.Upload(ctx, &bytesContent{data, h}, "", func(string) {})
	return d, err
}

// bytesContent is data as a registryclient.Content.
type bytesContent struct {
	data []byte
	hash v1.Hash
}

// Size implements registryclient.Content.
func (b *bytesContent) Size() int64 { return int64(len(b.data)) }

// Open implements registryclient.Content.
func (b *bytesContent) Open(offset int64) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(b.data[offset:])), nil
}

// Digest implements registryclient.Content.
func (b *bytesContent) Digest() (v1.Hash, error) { return b.hash, nil }

// document is a manifest or an index that can be put.
type document struct {
	mediaType string
	data      []byte
}

var _ remote.Taggable = document{}

// RawManifest implements remote.Taggable.
func (d document) RawManifest() ([]byte, error) { return d.data, nil }

// MediaType says what RawManifest is.
func (d document) MediaType() (types.MediaType, error) { return types.MediaType(d.mediaType), nil }

func (d document) digest() digest.Digest { return digest.FromBytes(d.data) }

func (d document) descriptor(artifactType string) ocispecs.Descriptor {
	return ocispecs.Descriptor{MediaType: d.mediaType, ArtifactType: artifactType, Digest: d.digest(), Size: int64(len(d.data))}
}

// marshal encodes what always can be.
func marshal(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n")
}
