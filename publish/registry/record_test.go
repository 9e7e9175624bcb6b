package registry

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/manifests"
	registrykind "github.com/deployfile/deployfile/manifests/registry"
	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func testRecord() record {
	return record{
		Revision: publish.Revision{
			Number: 3, By: "ada@example", At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			State: manifests.State{Live: manifests.Slot{Release: manifests.Release{
				Model: "iris", Target: deployfile.Target{Name: "prod", Kind: "registry", Format: "oci", Spec: &registrykind.Spec{Tags: []string{"stable"}}}, Port: 8080,
			}}},
			Documents: []manifests.Document{{Name: "image.yaml", Body: []byte("tags: []\n")}},
		},
		Image: v1.Hash{Algorithm: "sha256", Hex: "0101010101010101010101010101010101010101010101010101010101010101"},
	}
}

// A record comes back as it was put, as an artifact and as an image.
func TestRecord(t *testing.T) {
	of := v1.Descriptor{MediaType: types.OCIImageIndex, Digest: testRecord().Image, Size: 42}
	for format, mediaType := range map[string]types.MediaType{
		imageformat.OCI: types.OCIManifestSchema1, imageformat.Docker: types.DockerManifestSchema2, imageformat.DockerManifest: types.DockerManifestSchema2,
	} {
		t.Run(format, func(t *testing.T) {
			want := testRecord()
			image, err := want.put("iris-prod", format, of)
			if err != nil {
				t.Fatal(err)
			}
			m, err := image.Manifest()
			if err != nil {
				t.Fatal(err)
			}
			if m.MediaType != mediaType {
				t.Errorf("it is of type %s, want %s", m.MediaType, mediaType)
			}
			if format == imageformat.OCI {
				about := map[string]string{
					"org.opencontainers.image.created": "2026-01-02T03:04:05Z", AnnotationEndpoint: "iris-prod",
					AnnotationNumber: "3", AnnotationBy: "ada@example", AnnotationImage: want.Image.String(),
				}
				if diff := cmp.Diff(about, m.Annotations); diff != "" {
					t.Error(diff)
				}
				if m.ArtifactType != RecordType || m.Subject == nil || m.Subject.Digest != of.Digest {
					t.Errorf("it is %q about %v", m.ArtifactType, m.Subject)
				}
			}
			got, ok, err := readRecord(image)
			if err != nil || !ok {
				t.Fatalf("it cannot be read: %v, %v", ok, err)
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(record{})); diff != "" {
				t.Error(diff)
			}
			if digest, err := image.Digest(); err != nil || got.artifact != digest {
				t.Errorf("its digest is %s, want %s (%v)", got.artifact, digest, err)
			}
		})
	}
	if _, ok, err := readRecord(empty.Image); ok || err != nil {
		t.Errorf("any image is taken for a record: %v, %v", ok, err)
	}
}

// A record that somebody else made is refused before it fills the memory.
func TestLargeRecord(t *testing.T) {
	large := testRecord()
	large.By = strings.Repeat("a", maxRecord)
	many := testRecord()
	many.Documents = make([]manifests.Document, maxValues)
	for _, format := range []string{imageformat.OCI, imageformat.Docker} {
		for name, r := range map[string]record{"bytes": large, "values": many} {
			image, err := r.put("iris-prod", format, v1.Descriptor{MediaType: types.OCIImageIndex, Digest: r.Image, Size: 42})
			if err != nil {
				t.Fatal(err)
			}
			if _, ok, err := readRecord(image); ok || err == nil || !strings.Contains(err.Error(), "record") {
				t.Errorf("%s, %s: %v, %v", format, name, ok, err)
			}
		}
	}
}

// FuzzRecord reads what is none without panic, and what is one as it was put.
func FuzzRecord(f *testing.F) {
	data, err := json.Marshal(testRecord())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"Image":"sha256:","State":{"Live":{}},"Documents":[{"Body":"AA=="}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		of := v1.Descriptor{MediaType: types.OCIImageIndex, Digest: testRecord().Image, Size: 42}
		image, err := ociRecord(data, nil, of)
		if err != nil {
			t.Fatal(err)
		}
		r, ok, err := readRecord(image)
		if err != nil || !ok {
			return
		}
		// What has no digest is put as what cannot be read.
		if r.Image == (v1.Hash{}) || r.subject != nil && *r.subject == (v1.Hash{}) {
			return
		}
		// A time that JSON has no form for is not put.
		if again, err := r.put("iris-prod", imageformat.OCI, of); err == nil {
			got, ok, err := readRecord(again)
			if diff := cmp.Diff(r, got, cmpopts.IgnoreUnexported(record{}), cmpopts.EquateEmpty()); err != nil || !ok || diff != "" {
				t.Fatalf("%v, %v\n%s", ok, err, diff)
			}
		}
	})
}

func TestNames(t *testing.T) {
	for image, want := range map[string]string{
		"registry.example.com:5000/a/iris:1": "registry.example.com:5000/a/iris",
		"registry.example.com:5000/iris":     "registry.example.com:5000/iris",
		"iris:1@sha256:01":                   "iris",
		"iris@sha256:01":                     "iris",
		"iris":                               "iris",
	} {
		if got := repositoryOf(image); got != want {
			t.Errorf("%s is in %s, want %s", image, got, want)
		}
	}
	for repository, want := range map[string]string{
		"127.0.0.1:5000/iris": "http", "127.0.0.2:5000/iris": "http", "localhost:5000/iris": "http", "[::1]:5000/iris": "http",
		"registry.example.com/iris": "https", "registry.example.com:80/iris": "https",
	} {
		r, err := parseRepository(repository)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Scheme(); got != want {
			t.Errorf("%s is asked by %s, want %s", repository, got, want)
		}
	}
}
