// Package imageformat turns a built image into the form that a registry takes:
// as it was built, or in Docker's media types, with or without an index. The
// bytes of layers and configurations stay as they are, and what is new, the
// manifests, is written as BuildKit's exporter writes it: the result has the
// digest that the same build has with oci-mediatypes=false and no
// attestations.
package imageformat

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/partial"
)

// The forms, as a target's key format names them.
const (
	// OCI is the image as it was built: OCI's media types, an index where there
	// are several platforms or attestations.
	OCI = "oci"
	// Docker has Docker's media types and no attestations: a manifest list
	// where there are several platforms, else a manifest.
	Docker = "docker"
	// DockerManifest is a manifest in Docker's media types, of one platform.
	DockerManifest = "docker-manifest"
)

// Image is a v1.Image or a v1.ImageIndex, from a registry, an OCI layout or
// elsewhere.
type Image interface {
	partial.Describable
	// RawManifest is the manifest or index itself.
	RawManifest() ([]byte, error)
}

// Convert returns an image in a form; "" is OCI. A platform, os/arch or
// os/arch/variant, takes the image of that platform alone; "" takes all of
// them. Nothing but manifests and configurations is read. The error is a
// *PlatformError if the platform is not there or none was chosen where there
// must be one, and a *LayerError if Docker's media types cannot name a layer.
func Convert(image Image, format, platform string) (Image, error) {
	if format == "" {
		format = OCI
	}
	if !slices.Contains([]string{OCI, Docker, DockerManifest}, format) {
		return nil, fmt.Errorf("image format %q is not known: there are %q, %q and %q", format, OCI, Docker, DockerManifest)
	}
	if platform == "" && format == OCI {
		return image, nil
	}
	all, err := platformImages(image)
	if err != nil {
		return nil, err
	}
	chosen := all
	if platform != "" {
		if chosen, err = choose(all, platform); err != nil {
			return nil, err
		}
	}
	switch {
	case format == OCI:
		return chosen[0], nil
	case len(chosen) == 1:
		return dockerManifest(chosen[0])
	case format == DockerManifest:
		return nil, &PlatformError{Have: names(all)}
	}
	return dockerList(image, chosen)
}

// Platforms are the platforms of an image, in its own order.
func Platforms(image Image) ([]string, error) {
	all, err := platformImages(image)
	return names(all), err
}

// PlatformError is an image that has not the one platform that is needed.
type PlatformError struct {
	// Want is the platform that was chosen, "" if none was.
	Want string
	// Have are those of the image.
	Have []string
}

// Error implements error.
func (e *PlatformError) Error() string {
	have := strings.Join(e.Have, ", ")
	if e.Want == "" {
		return fmt.Sprintf("the image is for %s, and format %q holds one platform: choose it with --platform", have, DockerManifest)
	}
	return fmt.Sprintf("the image is not for %s: it is for %s", e.Want, have)
}

// LayerError is a layer that Docker's media types have no name for.
type LayerError struct {
	// Digest and MediaType are the layer's.
	Digest, MediaType string
}

// Error implements error.
func (e *LayerError) Error() string {
	what := fmt.Sprintf("is of type %q", e.MediaType)
	if strings.Contains(e.MediaType, "zstd") {
		what = "is compressed with zstd"
	}
	return fmt.Sprintf("layer %s %s, which Docker's media types have no name for: build the image with the output's compression=gzip,force-compression=true, or set format = %q", e.Digest, what, OCI)
}
