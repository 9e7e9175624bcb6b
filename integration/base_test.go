package integration

import (
	"archive/tar"
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// TestOtherBase builds on a base that has one layer more: nothing is
// installed again, and the layers on top of it are the same.
func TestOtherBase(t *testing.T) {
	x := newIndex(t, wheel(t, "dfone", "1.0", ""), wheel(t, "dftwo", "1.0", ""))
	p := tiny(t, x.table(), "dfone", "dftwo")
	p.lock(t)
	before := p.build(t)
	pylock := p.read(t, "pylock.toml")

	base := loadLayout(t, lab.base)
	base, err := mutate.AppendLayers(base, fileLayer(t, "etc/deployfile-test", []byte("another base\n")))
	if err != nil {
		t.Fatal(err)
	}
	p.contexts["base"] = "oci-layout://" + saveLayout(t, base)

	_, _, err = p.tryBuild(t, demandLock)
	wantError(t, err, "Deployfile.lock is out of date", "base image")

	p.lock(t)
	if d := cmp.Diff(pylock, p.read(t, "pylock.toml")); d != "" {
		t.Errorf("another base changes the packages:\n%s", d)
	}
	after := p.build(t)
	if d := cmp.Diff(before.installs(t), after.installs(t)); d != "" {
		t.Errorf("another base changes the layers of packages:\n%s", d)
	}
	if was, is := len(before.layers(t)), len(after.layers(t)); is != was+1 {
		t.Errorf("there were %d layers and are %d", was, is)
	}
	if before.digest == after.digest {
		t.Error("the image is the same on another base")
	}
	for _, line := range strings.Split(after.log, "\n") {
		if strings.Contains(line, " + dfone==") {
			t.Errorf("a package was installed again:\n%s", after.log)
		}
	}
}

func loadLayout(t *testing.T, dir string) v1.Image {
	t.Helper()
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	img, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// saveLayout writes the image as a layout of its own.
func saveLayout(t *testing.T, img v1.Image) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := path.AppendImage(img); err != nil {
		t.Fatal(err)
	}
	return dir
}

// fileLayer is a layer with one file.
func fileLayer(t *testing.T, name string, content []byte) v1.Layer {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(out.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	return l
}
