// Package imageformat converts a built image to the format that a registry
// accepts: as it was built, or in Docker's media types, with or without an
// index. The bytes of layers and configurations stay the same. The new
// manifests are encoded as BuildKit's exporter does, so that the result has the
// digest of the same build with oci-mediatypes=false and no attestations.
package imageformat

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/google/go-containerregistry/pkg/v1/partial"
)

// The formats, as a target's key format names them.
const (
	// OCI is the image as it was built: OCI's media types, with an index for
	// several platforms or attestations.
	OCI = deployfile.FormatOCI
	// Docker has Docker's media types and no attestations: a manifest list for
	// several platforms, else a manifest.
	Docker = deployfile.FormatDocker
	// DockerManifest is a single-platform manifest in Docker's media types.
	DockerManifest = deployfile.FormatDockerManifest
)

// Image is a v1.Image or a v1.ImageIndex, from a registry, an OCI layout or
// elsewhere.
type Image interface {
	partial.Describable
	// RawManifest returns the manifest or index itself.
	RawManifest() ([]byte, error)
}

// Convert converts an image to a format; "" is OCI. Only manifests and
// configurations are read. The error is a *PlatformError if the format holds one
// platform and the image has several, and a *LayerError if Docker has no media
// type for a layer.
func Convert(image Image, format string) (Image, error) {
	if format == "" {
		format = OCI
	}
	if !slices.Contains([]string{OCI, Docker, DockerManifest}, format) {
		return nil, fmt.Errorf("image format %q is not known: there are %q, %q and %q", format, OCI, Docker, DockerManifest)
	}
	if format == OCI {
		return image, nil
	}
	all, err := platformImages(image)
	if err != nil {
		return nil, err
	}
	switch {
	case len(all) == 1:
		return dockerManifest(all[0])
	case format == DockerManifest:
		return nil, &PlatformError{Have: names(all)}
	}
	return dockerList(image, all)
}

// PlatformError reports an image of several platforms where one is needed.
type PlatformError struct {
	// Have are the image's platforms, in its own order.
	Have []string
}

func (e *PlatformError) Error() string {
	return fmt.Sprintf("the image is for %s, and format %q holds one platform: build it with one --platform, or name the image of one platform by its digest", strings.Join(e.Have, ", "), DockerManifest)
}

// LayerError reports a layer that has no Docker media type.
type LayerError struct {
	// Digest and MediaType are those of the layer.
	Digest, MediaType string
}

func (e *LayerError) Error() string {
	what := fmt.Sprintf("is of type %q", e.MediaType)
	if strings.Contains(e.MediaType, "zstd") {
		what = "is compressed with zstd"
	}
	return fmt.Sprintf("layer %s %s, which has no Docker media type: build the image with the output's compression=gzip,force-compression=true, or set format = %q", e.Digest, what, OCI)
}
