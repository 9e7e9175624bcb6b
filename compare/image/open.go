package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The schemes of image names. They are those of buildx's --build-context.
const (
	layoutScheme   = "oci-layout://"
	registryScheme = "docker-image://"
)

// Open opens an image: "oci-layout://DIRECTORY" with ":TAG" or "@DIGEST" if the
// layout has several images, the path of a layout's directory or of an OCI
// archive, or else a reference to a registry, with or without
// "docker-image://". Registry credentials are those of docker login. A missing
// image is a *NotFoundError.
func Open(ctx context.Context, name string) (*Image, error) {
	if value, ok := strings.CutPrefix(name, layoutScheme); ok {
		return openLayout(ctx, name, value)
	}
	if ref, ok := strings.CutPrefix(name, registryScheme); ok {
		return openRegistry(ctx, name, ref)
	}
	info, err := os.Stat(name)
	switch {
	case err != nil && looksLikePath(name):
		return nil, &NotFoundError{Name: name, Err: err}
	case err != nil:
		return openRegistry(ctx, name, name)
	case info.IsDir() && isLayout(name):
		return openLayout(ctx, name, name)
	case info.IsDir():
		return nil, &NotFoundError{Name: name, Err: fmt.Errorf("%w: it has no file oci-layout", errNoLayout)}
	}
	return openArchive(ctx, name)
}

// looksLikePath reports whether a name cannot be a reference, so that a
// mistyped path is not looked up in a registry.
func looksLikePath(name string) bool {
	return filepath.IsAbs(name) || strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".tar")
}

func isLayout(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "oci-layout"))
	return err == nil
}
