package modelpack

import (
	"context"
	"time"

	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/deployfile/deployfile/toolchain"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// LayersType is the type of the index that refers to an artifact and lists an image for
// each of its layers that images mount: BuildKit finds a layer only as one of an image.
const LayersType = "application/vnd.deployfile.model.layers.v1+json"

func epoch() time.Time { return toolchain.Epoch() }

// layerImage is an image of one layer, an uncompressed tar. It is made of the layer
// alone, so that it is the same whichever model has it.
func layerImage(layer ocispecs.Descriptor) (configuration []byte, image document) {
	created := epoch()
	configuration = []byte(marshal(ocispecs.Image{
		Created:  &created,
		Platform: ocispecs.Platform{Architecture: "amd64", OS: "linux"},
		RootFS:   ocispecs.RootFS{Type: "layers", DiffIDs: []digest.Digest{layer.Digest}},
	}))
	return configuration, document{ocispecs.MediaTypeImageManifest, []byte(marshal(ocispecs.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispecs.MediaTypeImageManifest,
		Config: ocispecs.Descriptor{
			MediaType: ocispecs.MediaTypeImageConfig, Digest: digest.FromBytes(configuration), Size: int64(len(configuration)),
		},
		Layers: []ocispecs.Descriptor{{MediaType: ocispecs.MediaTypeImageLayer, Digest: layer.Digest, Size: layer.Size}},
	}))}
}

// images puts the images of the layers, the index of them, and at last the tag. The
// index refers to the artifact, so that registries keep it and copies take it along.
func (p *push) images(ctx context.Context, c *registryclient.Client, layers []*layer, descriptors []ocispecs.Descriptor, manifest document) error {
	repository := p.to.Context()
	subject := manifest.descriptor(ArtifactType)
	index := ocispecs.Index{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispecs.MediaTypeImageIndex,
		ArtifactType: LayersType, Subject: &subject, Manifests: []ocispecs.Descriptor{},
	}
	for n, l := range layers {
		if !l.mountable {
			continue
		}
		configuration, image := layerImage(descriptors[n])
		if _, err := p.blob(ctx, ocispecs.MediaTypeImageConfig, configuration); err != nil {
			return err
		}
		if err := c.Pusher.Put(ctx, repository.Digest(image.digest().String()), image); err != nil {
			return err
		}
		index.Manifests = append(index.Manifests, image.descriptor(""))
	}
	if len(index.Manifests) > 0 {
		d := document{ocispecs.MediaTypeImageIndex, []byte(marshal(index))}
		if err := c.Pusher.Put(ctx, repository.Digest(d.digest().String()), d); err != nil {
			return err
		}
	}
	if tag, ok := p.to.(name.Tag); ok {
		return c.Pusher.Put(ctx, tag, manifest)
	}
	return nil
}
