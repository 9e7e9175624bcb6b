package image_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/compare"
	"github.com/deployfile/deployfile/compare/image"
	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// entry is a file of a layer, a directory if its name ends with a slash.
type entry struct{ name, content string }

// step is a layer and what its history says.
type step struct {
	by    string
	ours  bool
	files []entry
}

func layer(t *testing.T, files []entry) v1.Layer {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.content))}
		if strings.HasSuffix(f.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(out.Bytes())), nil }, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func makeImage(t *testing.T, config v1.Config, steps ...step) v1.Image {
	t.Helper()
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, s := range steps {
		history := v1.History{CreatedBy: s.by}
		if s.ours {
			history.Comment = "deployfile"
		}
		var err error
		if img, err = mutate.Append(img, mutate.Addendum{Layer: layer(t, s.files), History: history}); err != nil {
			t.Fatal(err)
		}
	}
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config = "linux", "amd64", config
	if img, err = mutate.ConfigFile(img, file); err != nil {
		t.Fatal(err)
	}
	return img
}

// save writes an index, with manifests of attestations beside the image, as a
// layout.
func save(t *testing.T, img v1.Image) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	attestation, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), static.NewLayer([]byte("{}"), "application/vnd.in-toto+json"))
	if err != nil {
		t.Fatal(err)
	}
	index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex),
		mutate.IndexAddendum{Add: img},
		mutate.IndexAddendum{Add: attestation, Descriptor: v1.Descriptor{
			Platform:    &v1.Platform{OS: "unknown", Architecture: "unknown"},
			Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest"},
		}})
	if err := path.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": "one"})); err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(t *testing.T, name string) *image.Image {
	t.Helper()
	i, err := image.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { i.Close() })
	return i
}

// archive packs a layout as BuildKit's exporter does.
func archive(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "image.tar")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := tar.NewWriter(f)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

const site = "opt/venv/lib/python3.11/site-packages/"

func packageFiles(name string) []entry {
	return []entry{{site + name + ".dist-info/", ""}, {site + name + ".dist-info/METADATA", "Name: x\n"}, {site + name + ".dist-info/RECORD", "x"}}
}

func status(version string) entry {
	return entry{"var/lib/dpkg/status", "Package: base-files\nStatus: install ok installed\nVersion: 12\n\n" +
		"Package: libgomp1\nStatus: install ok installed\nVersion: " + version + "\nDescription: text\n Package: none\n\n" +
		"Package: removed\nStatus: deinstall ok config-files\nVersion: 1\n"}
}

func TestOpenFromEverywhere(t *testing.T) {
	img := makeImage(t, v1.Config{User: "10001"}, step{by: "debian", files: []entry{status("12")}}, step{by: "install", files: packageFiles("numpy-2.4.6")})
	dir := save(t, img)
	ref := push(t, dir)
	want, err := open(t, "oci-layout://"+dir).Contents(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	wantPackages := map[string]compare.Fact{"numpy": {Value: "2.4.6"}}
	if d := cmp.Diff(wantPackages, want.Platforms[0].Facts[compare.Package]); d != "" {
		t.Errorf("packages (-want +got):\n%s", d)
	}
	for _, name := range []string{dir, "oci-layout://" + dir + ":one", "oci-layout://" + dir + "@" + want.Digest, archive(t, dir), ref, "docker-image://" + ref} {
		i := open(t, name)
		if len(i.Platforms) != 1 || i.Platforms[0].Name != "linux/amd64" || len(i.Attestations) != 1 {
			t.Errorf("%s: %d platforms and %d attestations", name, len(i.Platforms), len(i.Attestations))
		}
		got, err := i.Contents(t.Context(), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got.Name = want.Name
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-layout +this):\n%s", name, d)
		}
	}
}

func TestOpenNothing(t *testing.T) {
	dir := save(t, makeImage(t, v1.Config{}))
	ref := push(t, dir)
	plain := filepath.Join(t.TempDir(), "plain.tar")
	if err := os.WriteFile(plain, []byte("no archive, and longer than a block:"+strings.Repeat("x", 600)), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"oci-layout://" + dir + ":two":        "no two, but one",
		"oci-layout://" + dir + "/nothing":    "not an OCI image layout",
		filepath.Join(dir, "blobs"):           "no file oci-layout",
		plain:                                 "not an OCI archive",
		"./nowhere.tar":                       "no such file",
		strings.TrimSuffix(ref, "one") + "xy": "MANIFEST_UNKNOWN",
		"Not A Reference":                     "could not parse reference",
	} {
		_, err := image.Open(t.Context(), name)
		var none *image.NotFoundError
		if !errors.As(err, &none) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want a NotFoundError with %q", name, err, want)
		}
	}
}

func TestDamagedLayer(t *testing.T) {
	dir := save(t, makeImage(t, v1.Config{}, step{by: "install", files: packageFiles("numpy-2.4.6")}))
	i := open(t, dir)
	l := i.Platforms[0].Layers[0]
	other := layer(t, packageFiles("numpy-2.4.7"))
	r, err := other.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "blobs", "sha256", l.Digest.Encoded()), data, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = i.Contents(t.Context(), nil)
	var damaged *image.CorruptError
	if !errors.As(err, &damaged) || damaged.Digest != l.Digest {
		t.Errorf("a damaged layer: %v", err)
	}
}

func removeBlob(t *testing.T, i *image.Image, l image.Layer) {
	t.Helper()
	if err := os.Remove(filepath.Join(i.Name, "blobs", "sha256", l.Digest.Encoded())); err != nil {
		t.Fatal(err)
	}
}
