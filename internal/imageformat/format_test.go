package imageformat

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// ociImage returns an image in OCI's media types with a layer of each type.
func ociImage(t *testing.T, architecture string, layers ...types.MediaType) v1.Image {
	t.Helper()
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.ConfigFile(image, &v1.ConfigFile{OS: "linux", Architecture: architecture, RootFS: v1.RootFS{Type: "layers"}})
	if err != nil {
		t.Fatal(err)
	}
	for n, mediaType := range layers {
		image, err = mutate.Append(image, mutate.Addendum{
			Layer:       static.NewLayer([]byte(strings.Repeat(architecture, n+1)), mediaType),
			Annotations: map[string]string{"com.example.note": "of the layer"}, MediaType: mediaType,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return mutate.Annotations(image, map[string]string{"com.example.note": "of the manifest"}).(v1.Image)
}

func index(t *testing.T, images map[string]v1.Image, order ...string) v1.ImageIndex {
	t.Helper()
	out := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, architecture := range order {
		out = mutate.AppendManifests(out, mutate.IndexAddendum{Add: images[architecture], Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: "linux", Architecture: architecture},
		}})
	}
	return out
}

// attested returns an index with a manifest of attestations, as BuildKit adds it.
func attested(t *testing.T, index v1.ImageIndex) v1.ImageIndex {
	t.Helper()
	return mutate.AppendManifests(index, mutate.IndexAddendum{
		Add: ociImage(t, "unknown", "application/vnd.in-toto+json"), Descriptor: v1.Descriptor{
			Platform:    &v1.Platform{OS: "unknown", Architecture: "unknown"},
			Annotations: map[string]string{referenceType: "attestation-manifest"},
		},
	})
}

func digestOf(t *testing.T, image Image) string {
	t.Helper()
	d, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}

func convert(t *testing.T, image Image, format string) Image {
	t.Helper()
	out, err := Convert(image, format)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestConvertManifest(t *testing.T) {
	image := ociImage(t, "amd64", types.OCILayer, types.OCIUncompressedLayer, types.OCIRestrictedLayer)
	got := convert(t, image, DockerManifest).(v1.Image)
	m, err := got.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	var layers []types.MediaType
	for _, l := range m.Layers {
		layers = append(layers, l.MediaType)
		if len(l.Annotations) > 0 {
			t.Errorf("a layer keeps its annotations: %v", l.Annotations)
		}
	}
	want := []types.MediaType{types.DockerLayer, types.DockerUncompressedLayer, types.DockerForeignLayer}
	if diff := cmp.Diff(want, layers); diff != "" {
		t.Error(diff)
	}
	if m.MediaType != types.DockerManifestSchema2 || m.Config.MediaType != types.DockerConfigJSON {
		t.Errorf("the manifest is of type %s, its configuration of type %s", m.MediaType, m.Config.MediaType)
	}
	sameBytes(t, image, got)
	if again := convert(t, got, Docker); again != Image(got) {
		t.Error("what is in Docker's media types already is made anew")
	}
	if oci := convert(t, image, ""); oci != Image(image) {
		t.Error("an OCI image is made anew")
	}
	for range 25 {
		if again := convert(t, image, Docker); digestOf(t, again) != digestOf(t, got) {
			t.Fatal("another conversion gives another digest")
		}
	}
}

// sameBytes compares what a registry stores apart from the manifest.
func sameBytes(t *testing.T, a, b v1.Image) {
	t.Helper()
	blobs := func(i v1.Image) (out []string) {
		config, err := i.RawConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(config))
		layers, err := i.Layers()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range layers {
			r, err := l.Compressed()
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, string(data))
		}
		return out
	}
	if diff := cmp.Diff(blobs(a), blobs(b)); diff != "" {
		t.Errorf("configuration or layers have other bytes:\n%s", diff)
	}
}

func TestConvertIndex(t *testing.T) {
	images := map[string]v1.Image{"amd64": ociImage(t, "amd64", types.OCILayer), "arm64": ociImage(t, "arm64", types.OCILayer)}
	both := attested(t, index(t, images, "arm64", "amd64"))
	list := convert(t, both, Docker).(v1.ImageIndex)
	if err := validate.Index(list, validate.Fast); err != nil {
		t.Error(err)
	}
	m, err := list.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if m.MediaType != types.DockerManifestList {
		t.Errorf("the list is of type %s", m.MediaType)
	}
	var got []string
	for _, d := range m.Manifests {
		got = append(got, string(d.MediaType)+" "+d.Platform.String()+" "+d.Digest.String())
	}
	want := []string{
		string(types.DockerManifestSchema2) + " linux/arm64 " + digestOf(t, convert(t, images["arm64"], Docker)),
		string(types.DockerManifestSchema2) + " linux/amd64 " + digestOf(t, convert(t, images["amd64"], Docker)),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if again := convert(t, list, Docker); again != Image(list) {
		t.Error("a manifest list is made anew")
	}
	// An index of one image and its attestations is what a build without them
	// makes: the image.
	alone := attested(t, index(t, images, "amd64"))
	if got, want := digestOf(t, convert(t, alone, Docker)), digestOf(t, convert(t, images["amd64"], Docker)); got != want {
		t.Errorf("without its attestations the image is %s, want %s", got, want)
	}
}

func TestConvertErrors(t *testing.T) {
	amd64, arm64 := ociImage(t, "amd64", types.OCILayer), ociImage(t, "arm64", types.OCILayer)
	both := index(t, map[string]v1.Image{"amd64": amd64, "arm64": arm64}, "amd64", "arm64")
	for name, c := range map[string]struct {
		image  Image
		format string
		says   []string
	}{
		"several platforms": {both, DockerManifest, []string{"linux/amd64, linux/arm64", "--platform"}},
		"zstd":              {ociImage(t, "amd64", types.OCILayer, types.OCILayerZStd), Docker, []string{"compressed with zstd", "force-compression=true", `format = "oci"`}},
		"another layer":     {ociImage(t, "amd64", "application/example"), Docker, []string{`"application/example"`}},
		"format":            {both, "tar", []string{`"tar"`, `"docker-manifest"`}},
		"empty index":       {empty.Index, Docker, []string{"no image"}},
		"index in an index": {mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: both}), Docker, []string{"which is not an image"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Convert(c.image, c.format)
			if err == nil {
				t.Fatal("no error")
			}
			for _, says := range c.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q does not say %q", err, says)
				}
			}
		})
	}
	_, err := Convert(both, DockerManifest)
	var wrong *PlatformError
	if !errors.As(err, &wrong) {
		t.Fatalf("%T is no *PlatformError", err)
	}
	if diff := cmp.Diff(&PlatformError{Have: []string{"linux/amd64", "linux/arm64"}}, wrong); diff != "" {
		t.Error(diff)
	}
}
