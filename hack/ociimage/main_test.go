package main

import (
	"archive/tar"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func TestWriteIsAValidLayoutAndTheSameTwice(t *testing.T) {
	layer := writeLayer(t, "etc/motd", "hello\n")
	var digests []v1.Hash
	for range 2 {
		s := settings{
			out: filepath.Join(t.TempDir(), "layout"), ref: "base", created: 1686355200,
			env: []string{"LANG=C.UTF-8"}, cmd: "python3", layers: []string{layer},
		}
		if err := write(s); err != nil {
			t.Fatal(err)
		}
		index, err := layout.ImageIndexFromPath(s.out)
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := index.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		if len(manifest.Manifests) != 1 {
			t.Fatalf("the layout has %d images, want 1", len(manifest.Manifests))
		}
		desc := manifest.Manifests[0]
		if diff := cmp.Diff(map[string]string{refName: "base"}, desc.Annotations); diff != "" {
			t.Errorf("annotations (-want +got):\n%s", diff)
		}
		img, err := index.Image(desc.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(img); err != nil {
			t.Error(err)
		}
		config, err := img.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		want := v1.Config{Env: []string{"LANG=C.UTF-8"}, Cmd: []string{"python3"}}
		if diff := cmp.Diff(want, config.Config); diff != "" {
			t.Errorf("configuration (-want +got):\n%s", diff)
		}
		digests = append(digests, desc.Digest)
	}
	if digests[0] != digests[1] {
		t.Errorf("two runs gave %s and %s", digests[0], digests[1])
	}
}

// writeLayer makes a tarball that holds one file.
func writeLayer(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "layer.tar")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w := tar.NewWriter(file)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
