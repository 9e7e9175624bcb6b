package registry

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/publish"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// The annotations of a record; beside them is org.opencontainers.image.created. The
// first four are for people.
const (
	annotationPrefix   = imagespec.LabelPrefix + "revision."
	annotationEndpoint = annotationPrefix + "endpoint"
	annotationNumber   = annotationPrefix + "number"
	annotationBy       = annotationPrefix + "by"
	annotationImage    = annotationPrefix + FactImage
	annotationPhase    = annotationPrefix + "phase"
	annotationAttempt  = annotationPrefix + "attempt"
	annotationDeadline = annotationPrefix + "deadline"
	// annotationFact begins those with the record's facts, but for FactImage.
	annotationFact = annotationPrefix + "fact."
	// labelRecord has the record/v1 JSON of a record that looks like an image.
	labelRecord = annotationPrefix + "record"
)

// artifact is a record as a repository has it.
type artifact struct {
	image  v1.Image
	digest v1.Hash
	// subject is what the record refers to, nil for nothing.
	subject *v1.Descriptor
}

// artifactOf returns the artifact of a record, whose subject must be in the
// repository.
func (s *Store) artifactOf(ctx context.Context, r publish.Record) (*artifact, error) {
	var subject *v1.Descriptor
	if image := r.Facts[FactImage]; image != "" {
		d, err := s.client.Puller.Get(ctx, s.repository.Digest(image))
		if err != nil {
			return nil, fmt.Errorf("image of revision %d: %w", r.Number, err)
		}
		subject = &v1.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size}
	}
	return encode(r, s.endpoint, s.format, subject)
}

// encode returns the artifact of a record: an OCI artifact or, for registries that
// know only Docker's media types, a small image.
func encode(r publish.Record, endpoint, format string, subject *v1.Descriptor) (*artifact, error) {
	data, err := publish.EncodeRevision(r.Revision)
	if err != nil {
		return nil, err
	}
	annotations := annotationsOf(r, endpoint)
	a := &artifact{subject: subject}
	if format == "" || format == imageformat.OCI {
		a.image, err = ociArtifact(data, annotations, subject)
	} else {
		annotations[labelRecord] = string(data)
		a.image, err = dockerImage(annotations)
	}
	if err != nil {
		return nil, err
	}
	a.digest, err = a.image.Digest()
	return a, err
}

func annotationsOf(r publish.Record, endpoint string) map[string]string {
	out := map[string]string{
		ocispecs.AnnotationCreated: r.At.UTC().Format(time.RFC3339),
		annotationEndpoint:         endpoint,
		annotationNumber:           strconv.Itoa(r.Number),
		annotationBy:               r.By,
		annotationPhase:            string(r.Phase),
		annotationAttempt:          r.Attempt,
	}
	if !r.Deadline.IsZero() {
		out[annotationDeadline] = r.Deadline.UTC().Format(time.RFC3339)
	}
	for name, value := range r.Facts {
		if name == FactImage {
			out[annotationImage] = value
		} else {
			out[annotationFact+name] = value
		}
	}
	return out
}

// factsIn returns the facts that annotationsOf has written.
func factsIn(annotations map[string]string) map[string]string {
	var out map[string]string
	add := func(name, value string) {
		if out == nil {
			out = map[string]string{}
		}
		out[name] = value
	}
	for key, value := range annotations {
		if name, ok := strings.CutPrefix(key, annotationFact); ok && name != FactImage {
			add(name, value)
		}
	}
	if image := annotations[annotationImage]; image != "" {
		add(FactImage, image)
	}
	return out
}

func ociArtifact(data []byte, annotations map[string]string, subject *v1.Descriptor) (v1.Image, error) {
	blob := static.NewLayer(data, imagespec.RecordType)
	config := static.NewLayer(ocispecs.DescriptorEmptyJSON.Data, ocispecs.MediaTypeEmptyJSON)
	m := v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: imagespec.RecordType,
		Annotations: annotations, Subject: subject,
	}
	d, err := partial.Descriptor(config)
	if err != nil {
		return nil, err
	}
	m.Config = *d
	if d, err = partial.Descriptor(blob); err != nil {
		return nil, err
	}
	m.Layers = []v1.Descriptor{*d}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return partial.CompressedToImage(oneBlob{manifest: raw, config: ocispecs.DescriptorEmptyJSON.Data, blob: blob})
}

// oneBlob is a partial.CompressedImageCore with one blob.
type oneBlob struct {
	manifest, config []byte
	blob             v1.Layer
}

func (o oneBlob) RawConfigFile() ([]byte, error)                         { return o.config, nil }
func (o oneBlob) MediaType() (types.MediaType, error)                    { return types.OCIManifestSchema1, nil }
func (o oneBlob) RawManifest() ([]byte, error)                           { return o.manifest, nil }
func (o oneBlob) LayerByDigest(v1.Hash) (partial.CompressedLayer, error) { return o.blob, nil }

// dockerImage is an image without files.
func dockerImage(labels map[string]string) (v1.Image, error) {
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		var b bytes.Buffer
		err := tar.NewWriter(&b).Close()
		return io.NopCloser(&b), err
	})
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config.OS, config.Architecture, config.Config.Labels = "linux", "amd64", labels
	return mutate.ConfigFile(image, config)
}
