//go:build integration

package integration

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// TestOtherBase builds on a base that has one layer more: nothing is
// installed again, and the layers on top of it are the same.
func TestOtherBase(t *testing.T) {
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""), lab.Wheel(t, "dftwo", "1.0", ""))
	p := tiny(t, x.Table("local"), "dfone", "dftwo")
	p.lock(t)
	before := p.build(t)
	pylock := p.Read(t, "pylock.toml")

	base := withFile(t, loadLayout(t, shared.Base), "etc/deployfile-test", "another base\n")
	p.Contexts["base"] = "oci-layout://" + saveLayout(t, base)

	_, _, err := p.tryBuild(t, demandLock)
	wantError(t, err, "Deployfile.lock is out of date", "base image")

	p.lock(t)
	if d := cmp.Diff(pylock, p.Read(t, "pylock.toml")); d != "" {
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
	img, err := lab.ReadLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// withFile is an image with one more layer, which has one file.
func withFile(t *testing.T, img v1.Image, name, content string) v1.Image {
	t.Helper()
	img, err := lab.WithFile(img, name, []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// saveLayout writes the image as a layout of its own.
func saveLayout(t *testing.T, img v1.Image) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	if err := lab.WriteLayout(dir, img); err != nil {
		t.Fatal(err)
	}
	return dir
}
