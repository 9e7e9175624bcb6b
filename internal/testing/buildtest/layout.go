package buildtest

import (
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// LoadLayout returns the image of a layout.
func LoadLayout(t *testing.T, dir string) v1.Image {
	t.Helper()
	img, err := lab.ReadLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// WithFile returns an image with one more layer, which has one file.
func WithFile(t *testing.T, img v1.Image, name, content string) v1.Image {
	t.Helper()
	img, err := lab.WithFile(img, name, []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// SaveLayout writes the image as a layout of its own.
func SaveLayout(t *testing.T, img v1.Image) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	if err := lab.WriteLayout(dir, img); err != nil {
		t.Fatal(err)
	}
	return dir
}
