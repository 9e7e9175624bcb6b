package registry

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/manifests"
	registrykind "github.com/deployfile/deployfile/manifests/registry"
	"github.com/deployfile/deployfile/publish"
	record "github.com/deployfile/deployfile/record/v1"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func testImage() v1.Hash { return v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("01", 32)} }

func testSubject() *v1.Descriptor {
	return &v1.Descriptor{MediaType: types.OCIImageIndex, Digest: testImage(), Size: 42}
}

func testRecord() publish.Record {
	return publish.Record{
		Revision: publish.Revision{
			Number: 3, By: "ada@example", At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
			State: manifests.State{Live: manifests.Slot{Release: manifests.Release{
				Model: "iris", Target: deployfile.Target{Name: "prod", Kind: "registry", Endpoint: "iris-prod", Format: "oci", Spec: &registrykind.Spec{Tags: []string{"stable"}}}, Port: 8080,
			}}},
			Documents: []manifests.Document{{Name: "image.yaml", Body: []byte("tags: []\n")}},
		},
		Phase: publish.Applying, Attempt: "x", Deadline: time.Date(2026, 1, 2, 3, 6, 5, 0, time.UTC),
		Facts: map[string]string{FactImage: testImage().String(), "tag.stable": "", "tag.v1": "sha256:2"},
	}
}

// TestArtifact encodes a record as an artifact and as an image, and decodes it.
func TestArtifact(t *testing.T) {
	for format, mediaType := range map[string]types.MediaType{
		imageformat.OCI: types.OCIManifestSchema1, imageformat.Docker: types.DockerManifestSchema2, imageformat.DockerManifest: types.DockerManifestSchema2,
	} {
		t.Run(format, func(t *testing.T) {
			want := testRecord()
			a, err := encode(want, "iris-prod", format, testSubject())
			if err != nil {
				t.Fatal(err)
			}
			m, err := a.image.Manifest()
			if err != nil {
				t.Fatal(err)
			}
			if m.MediaType != mediaType {
				t.Errorf("it is of type %s, want %s", m.MediaType, mediaType)
			}
			if format == imageformat.OCI {
				about := map[string]string{
					"org.opencontainers.image.created":              "2026-01-02T03:04:05Z",
					"io.github.deployfile.revision.endpoint":        "iris-prod",
					"io.github.deployfile.revision.number":          "3",
					"io.github.deployfile.revision.by":              "ada@example",
					"io.github.deployfile.revision.image":           testImage().String(),
					"io.github.deployfile.revision.phase":           "applying",
					"io.github.deployfile.revision.attempt":         "x",
					"io.github.deployfile.revision.deadline":        "2026-01-02T03:06:05Z",
					"io.github.deployfile.revision.fact.tag.stable": "",
					"io.github.deployfile.revision.fact.tag.v1":     "sha256:2",
				}
				if diff := cmp.Diff(about, m.Annotations); diff != "" {
					t.Error(diff)
				}
				if m.ArtifactType != imagespec.RecordType || m.Subject == nil || m.Subject.Digest != testImage() {
					t.Errorf("it is %q about %v", m.ArtifactType, m.Subject)
				}
			}
			got, ok, err := decode(a.image)
			if err != nil || !ok {
				t.Fatalf("it cannot be read: %v, %v", ok, err)
			}
			if diff := cmp.Diff(want, got.Record); diff != "" {
				t.Error(diff)
			}
			if got.digest != a.digest {
				t.Errorf("its digest is %s, want %s", got.digest, a.digest)
			}
		})
	}
	if _, ok, err := decode(empty.Image); ok || err != nil {
		t.Errorf("any image is taken for a record: %v, %v", ok, err)
	}
}

// TestOldRecords reads what repositories have of before records had a phase.
func TestOldRecords(t *testing.T) {
	for _, file := range []string{"unversioned/registry.json", "unversioned-keys/registry.json"} {
		data, err := os.ReadFile("../../../record/v1/testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]publish.Phase{
			string(data): publish.Deployed,
			strings.Replace(string(data), "{", `{"Withdrawn":true,`, 1): publish.Failed,
		} {
			image, err := ociArtifact([]byte(text), map[string]string{annotationImage: testImage().String()}, testSubject())
			if err != nil {
				t.Fatal(err)
			}
			got, ok, err := decode(image)
			if err != nil || !ok {
				t.Fatalf("%s: %v, %v", file, ok, err)
			}
			if got.Phase != want || got.Facts[FactImage] != testImage().String() || got.By == "" || got.State.Live.Model != "iris" {
				t.Errorf("%s: %s, %+v", file, got.Phase, got.Record)
			}
		}
	}
}

// TestLargeRecord refuses a record of somebody else before it fills the memory.
func TestLargeRecord(t *testing.T) {
	large := strings.Repeat("a", record.MaxSize)
	many := strings.Repeat("{},", record.MaxValues)
	for name, text := range map[string]string{"bytes": `{"version":1,"by":"` + large + `"}`, "values": `{"version":1,"documents":[` + many + `{}]}`} {
		artifact, err := ociArtifact([]byte(text), nil, testSubject())
		if err != nil {
			t.Fatal(err)
		}
		image, err := dockerImage(map[string]string{labelRecord: text})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range []v1.Image{artifact, image} {
			if _, ok, err := decode(i); ok || err == nil || !strings.Contains(err.Error(), "record") {
				t.Errorf("%s: %v, %v", name, ok, err)
			}
		}
	}
}

// FuzzRecord decodes any annotations and any revision without a panic. What is a
// record is the same when it is encoded and decoded again.
func FuzzRecord(f *testing.F) {
	data, err := publish.EncodeRevision(testRecord().Revision)
	if err != nil {
		f.Fatal(err)
	}
	annotations, err := json.Marshal(annotationsOf(testRecord(), "iris-prod"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, annotations)
	f.Add(data, []byte(`{"io.github.deployfile.revision.image":"sha256:"}`))
	f.Fuzz(func(t *testing.T, data, annotations []byte) {
		var all map[string]string
		if json.Unmarshal(annotations, &all) != nil {
			return
		}
		image, err := ociArtifact(data, all, testSubject())
		if err != nil {
			return
		}
		got, ok, err := decode(image)
		if err != nil || !ok {
			return
		}
		again, err := encode(got.Record, "iris-prod", imageformat.OCI, testSubject())
		if err != nil {
			return // a time that JSON has no form for
		}
		twice, ok, err := decode(again.image)
		if diff := cmp.Diff(got.Record, twice.Record, cmpopts.EquateEmpty()); err != nil || !ok || diff != "" {
			t.Fatalf("%v, %v\n%s", ok, err, diff)
		}
	})
}
