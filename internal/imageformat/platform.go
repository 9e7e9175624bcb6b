package imageformat

import (
	"fmt"

	"github.com/containerd/platforms"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// platformImage is the image of one platform.
type platformImage struct {
	v1.Image
	platform ocispecs.Platform
}

// BuildKit marks attestation manifests with this annotation, see its
// docs/attestations/attestation-storage.md.
const referenceType = "vnd.docker.reference.type"

// platformImages returns the images of an index without attestations, or the
// image itself.
func platformImages(image Image) ([]platformImage, error) {
	switch image := image.(type) {
	case v1.Image:
		one, err := platformOf(image, nil)
		return []platformImage{one}, err
	case v1.ImageIndex:
		return indexImages(image)
	}
	return nil, fmt.Errorf("%T is neither an image nor an index", image)
}

func indexImages(index v1.ImageIndex) ([]platformImage, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var out []platformImage
	for _, d := range manifest.Manifests {
		switch {
		case d.Annotations[referenceType] != "" || d.Platform != nil && d.Platform.OS == "unknown":
			continue
		case !d.MediaType.IsImage():
			return nil, fmt.Errorf("%s in the index is of type %q, which is not an image", d.Digest, d.MediaType)
		}
		image, err := index.Image(d.Digest)
		if err != nil {
			return nil, err
		}
		one, err := platformOf(image, d.Platform)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the index has no image")
	}
	return out, nil
}

// platformOf returns an image with its platform, from its configuration if no
// index names it.
func platformOf(image v1.Image, p *v1.Platform) (platformImage, error) {
	if p == nil {
		config, err := Config(image)
		if err != nil {
			return platformImage{}, err
		}
		p = config.Platform()
	}
	if p == nil {
		return platformImage{}, fmt.Errorf("the image does not name its platform")
	}
	return platformImage{Image: image, platform: ocispecs.Platform{
		Architecture: p.Architecture, OS: p.OS, OSVersion: p.OSVersion, OSFeatures: p.OSFeatures, Variant: p.Variant,
	}}, nil
}

func names(all []platformImage) []string {
	var out []string
	for _, i := range all {
		out = append(out, platforms.Format(platforms.Normalize(i.platform)))
	}
	return out
}
