package registry

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/manifests/kinds"
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

// RecordType is the type of the artifact that records a revision, and of its
// one blob.
const RecordType = "application/vnd.deployfile.revision.v1+json"

// The annotations of the artifact, for whoever looks at the repository; beside
// them is org.opencontainers.image.created.
const (
	annotationPrefix   = imagespec.LabelPrefix + "revision."
	AnnotationEndpoint = annotationPrefix + "endpoint"
	AnnotationNumber   = annotationPrefix + "number"
	AnnotationBy       = annotationPrefix + "by"
	AnnotationImage    = annotationPrefix + "image"
	// labelRecord is where a record is that has to look like an image.
	labelRecord = annotationPrefix + "record"
)

// record is what a repository knows of a revision.
type record struct {
	publish.Revision
	// Image is the digest in the repository: another than the release's where
	// its form is another.
	Image v1.Hash
	// Withdrawn says that the revision did not come to serve, where the registry
	// did not let its record be deleted.
	Withdrawn bool `json:",omitempty"`

	// artifact is the digest of the record itself, subject that of the image
	// that the artifact refers to, if it does.
	artifact v1.Hash
	subject  *v1.Hash
	// size is how many bytes of JSON it was, 0 if it was not read.
	size int
}

// put is the record as it is put into a repository: an OCI artifact or, for
// registries that know only Docker's media types, a small image.
func (r record) put(endpoint, format string, of v1.Descriptor) (v1.Image, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	about := map[string]string{
		ocispecs.AnnotationCreated: r.At.UTC().Format(time.RFC3339),
		AnnotationEndpoint:         endpoint,
		AnnotationNumber:           fmt.Sprint(r.Number),
		AnnotationBy:               r.By,
		AnnotationImage:            r.Image.String(),
	}
	if format != imageformat.OCI {
		about[labelRecord] = string(data)
		return dockerRecord(about)
	}
	return ociRecord(data, about, of)
}

func ociRecord(data []byte, about map[string]string, of v1.Descriptor) (v1.Image, error) {
	blob := static.NewLayer(data, RecordType)
	config := static.NewLayer(ocispecs.DescriptorEmptyJSON.Data, ocispecs.MediaTypeEmptyJSON)
	m := v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: RecordType,
		Annotations: about,
		Subject:     &v1.Descriptor{MediaType: of.MediaType, Digest: of.Digest, Size: of.Size},
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
	return partial.CompressedToImage(artifact{manifest: raw, config: ocispecs.DescriptorEmptyJSON.Data, blob: blob})
}

// artifact is a partial.CompressedImageCore with one blob.
type artifact struct {
	manifest, config []byte
	blob             v1.Layer
}

func (a artifact) RawConfigFile() ([]byte, error)                         { return a.config, nil }
func (a artifact) MediaType() (types.MediaType, error)                    { return types.OCIManifestSchema1, nil }
func (a artifact) RawManifest() ([]byte, error)                           { return a.manifest, nil }
func (a artifact) LayerByDigest(v1.Hash) (partial.CompressedLayer, error) { return a.blob, nil }

// dockerRecord is an image without files whose labels are the record.
func dockerRecord(labels map[string]string) (v1.Image, error) {
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

// The largest record that is read, in bytes and in values, and how large all of a
// repository's may be together, in bytes: one has some kilobytes.
const (
	maxRecord  = 4 << 20
	maxValues  = 10_000
	maxRecords = 32 << 20
)

// readRecord reads a record back; ok is false for an image that is none.
func readRecord(image v1.Image) (r record, ok bool, err error) {
	raw, err := image.RawManifest()
	if err != nil {
		return r, false, err
	}
	if len(raw) > maxRecord {
		return r, false, &untrusted.TooLargeError{Name: "the manifest of the record", Limit: maxRecord}
	}
	var m v1.Manifest
	if err := untrusted.DecodeJSON(raw, "the manifest of the record", maxRecord, maxValues, &m); err != nil {
		return r, false, err
	}
	var data []byte
	switch {
	case m.ArtifactType == RecordType && len(m.Layers) == 1:
		data, err = readBlob(image, m.Layers[0])
	case m.MediaType == types.DockerManifestSchema2 && m.Config.Size > maxRecord:
		err = &untrusted.TooLargeError{Name: "the record of a revision", Limit: maxRecord}
	case m.MediaType == types.DockerManifestSchema2:
		var config *v1.ConfigFile
		if config, err = imageformat.Config(image); err == nil {
			data = []byte(config.Config.Labels[labelRecord])
		}
	}
	if err != nil || len(data) == 0 {
		return r, false, err
	}
	if err := untrusted.DecodeJSON(data, "record of a revision", maxRecord, maxValues, &r); err != nil {
		return r, false, err
	}
	if err := kinds.Restore(&r.State); err != nil {
		return r, false, fmt.Errorf("record of a revision: %w", err)
	}
	r.size = len(raw) + len(data)
	if m.Subject != nil {
		r.subject = &m.Subject.Digest
	}
	r.artifact, err = image.Digest()
	return r, true, err
}

func readBlob(image v1.Image, d v1.Descriptor) ([]byte, error) {
	// A size below nothing is one that the library does not hold the registry to.
	if d.Size < 0 || d.Size > maxRecord {
		return nil, &untrusted.TooLargeError{Name: "the record of a revision", Limit: maxRecord}
	}
	layer, err := image.LayerByDigest(d.Digest)
	if err != nil {
		return nil, err
	}
	content, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	return untrusted.ReadAll(content, "the record of a revision", maxRecord)
}
