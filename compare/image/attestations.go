package image

import (
	"context"

	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// Attestation is a statement about an image of one platform, by its predicate type:
// what is in it (an SBOM), or how it was built (provenance).
type Attestation struct {
	// Platform is os/arch, "" if the image that it is about is not in the index.
	Platform string
	// Predicate is the type, such as https://slsa.dev/provenance/v1.
	Predicate string
	// Descriptor is that of the statement.
	Descriptor ocispecs.Descriptor
}

const (
	referenceDigest  = "vnd.docker.reference.digest"
	predicateTypeKey = "in-toto.io/predicate-type"
)

// Statements lists the attestations of the index. It reads no statement.
func (i *Image) Statements(ctx context.Context) ([]Attestation, error) {
	var out []Attestation
	for _, d := range i.Attestations {
		if err := take(&i.spent.manifests, 1, maxManifests, "manifests and indexes"); err != nil {
			return nil, err
		}
		var m ocispecs.Manifest
		if _, err := i.decode(ctx, d, &m); err != nil {
			return nil, err
		}
		platform := ""
		for _, p := range i.Platforms {
			if p.Descriptor.Digest.String() == d.Annotations[referenceDigest] {
				platform = p.Name
			}
		}
		for _, l := range m.Layers {
			out = append(out, Attestation{Platform: platform, Predicate: l.Annotations[predicateTypeKey], Descriptor: l})
		}
	}
	return out, nil
}
