package report

// Inspection is what inspect prints of an image.
type Inspection struct {
	// Image is the image by its digest: REPOSITORY@sha256:…, or the name that was given
	// for one that is in no registry.
	Image string `json:"image"`
	// Digest is that of its manifest or index.
	Digest string `json:"digest"`
	// Endpoint is where the image was found, if a target of the Deployfile was named.
	Endpoint *Status `json:"endpoint,omitempty"`
	// Platforms has what is known of the image of each platform.
	Platforms []InspectedPlatform `json:"platforms"`
	// Attestations are the statements about it.
	Attestations []Attestation `json:"attestations"`
}

// InspectedPlatform is an image of one platform.
type InspectedPlatform struct {
	// Platform is os/arch.
	Platform string `json:"platform"`
	// Digest is its manifest's.
	Digest string `json:"digest"`
	// Size is that of all layers as they are transferred, in bytes.
	Size int64 `json:"size"`
	// Facts are what it says of itself.
	Facts []Fact `json:"facts"`
}

// Fact is something that is known of an image.
type Fact struct {
	// About is what it is about.
	About string `json:"about" jsonschema:"enum=model,enum=environment,enum=server,enum=base,enum=source,enum=lock"`
	// Name is what of that.
	Name string `json:"name"`
	// Value is what it is.
	Value string `json:"value"`
	// From is where that is said: a label, the configuration, a layer, a record of a
	// target.
	From string `json:"from"`
}

// Attestation is a statement about an image.
type Attestation struct {
	// Platform is os/arch of the image that it is about.
	Platform string `json:"platform,omitempty"`
	// Predicate is its type, such as https://slsa.dev/provenance/v1.
	Predicate string `json:"predicate"`
	// Digest is the statement's.
	Digest string `json:"digest"`
	// Size is the statement's, in bytes.
	Size int64 `json:"size"`
}
