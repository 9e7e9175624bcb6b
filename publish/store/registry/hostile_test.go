package registry

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/publish"
	record "github.com/deployfile/deployfile/record/v1"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// endless is a blob of a registry that never ends.
type endless struct {
	v1.Layer
	t *testing.T
}

// Compressed implements v1.Layer.
func (e endless) Compressed() (io.ReadCloser, error) { return &zeros{t: e.t}, nil }

type zeros struct {
	t    *testing.T
	read int
}

// Read implements io.Reader.
func (z *zeros) Read(p []byte) (int, error) {
	if z.read += len(p); z.read > 64<<20 {
		z.t.Error("64 MiB of a record were read, and more would be")
		return 0, io.ErrUnexpectedEOF
	}
	return len(p), nil
}

// Close implements io.Closer.
func (z *zeros) Close() error { return nil }

// TestHostileRecords reads artifacts with the name of a record whose sizes are
// those that an attacker wrote.
func TestHostileRecords(t *testing.T) {
	blob := v1.Descriptor{MediaType: imagespec.RecordType, Digest: testImage(), Size: 1}
	config := v1.Descriptor{MediaType: types.DockerConfigJSON, Digest: testImage(), Size: 1}
	artifactOf := func(blob v1.Descriptor, annotations map[string]string) v1.Manifest {
		return v1.Manifest{
			MediaType: types.OCIManifestSchema1, ArtifactType: imagespec.RecordType,
			Config: config, Layers: []v1.Descriptor{blob}, Annotations: annotations,
		}
	}
	sized := func(d v1.Descriptor, size int64) v1.Descriptor { d.Size = size; return d }
	for name, manifest := range map[string]v1.Manifest{
		// go-containerregistry takes -1 for a size that is not known.
		"a blob of a negative size":          artifactOf(sized(blob, -1), nil),
		"a blob of a terabyte":               artifactOf(sized(blob, 1<<40), nil),
		"a large manifest":                   artifactOf(blob, map[string]string{"x": strings.Repeat("x", record.MaxSize)}),
		"a configuration of a negative size": {MediaType: types.DockerManifestSchema2, Config: sized(config, -1)},
		"a configuration of a terabyte":      {MediaType: types.DockerManifestSchema2, Config: sized(config, 1<<40)},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := json.Marshal(manifest)
			if err != nil {
				t.Fatal(err)
			}
			image, err := partial.CompressedToImage(oneBlob{manifest: raw, config: []byte("{}"), blob: endless{static.NewLayer(nil, imagespec.RecordType), t}})
			if err != nil {
				t.Fatal(err)
			}
			if _, ok, err := decode(image); ok || err == nil {
				t.Errorf("it is read: %v", err)
			}
		})
	}
}

// FuzzManifest reads any manifest with any blob as a record: that never panics, and
// what is read of it is no more than may be.
func FuzzManifest(f *testing.F) {
	for _, format := range []string{imageformat.OCI, imageformat.Docker} {
		a, err := encode(testRecord(), "iris-prod", format, testSubject())
		if err != nil {
			f.Fatal(err)
		}
		image := a.image
		manifest, err := image.RawManifest()
		if err != nil {
			f.Fatal(err)
		}
		config, err := image.RawConfigFile()
		if err != nil {
			f.Fatal(err)
		}
		data, err := publish.EncodeRevision(testRecord().Revision)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(manifest, config, data)
	}
	f.Fuzz(func(t *testing.T, manifest, config, blob []byte) {
		image, err := partial.CompressedToImage(oneBlob{manifest: manifest, config: config, blob: static.NewLayer(blob, imagespec.RecordType)})
		if err != nil {
			return
		}
		r, ok, err := decode(image)
		if ok && err == nil && r.size > 3*record.MaxSize {
			t.Errorf("%d bytes of a record are read", r.size)
		}
	})
}
