package report

// Comparison is what diff prints of two locks or images, A and B.
type Comparison struct {
	// A is the first side.
	A Side `json:"a"`
	// B is the second side.
	B Side `json:"b"`
	// Same reports that nothing differs that both sides have, and that two images
	// have the same digest.
	Same bool `json:"same"`
	// AddedPlatforms are those of B alone.
	AddedPlatforms []string `json:"added-platforms"`
	// RemovedPlatforms are those of A alone.
	RemovedPlatforms []string `json:"removed-platforms"`
	// Changes are ordered by their kind and name.
	Changes []Difference `json:"changes"`
	// Layers has an entry for each platform of two images.
	Layers []LayerDiff `json:"layers"`
	// Push is what a push of B transfers to a registry that has A, for all
	// platforms, in bytes. It is left out unless both are images.
	Push *int64 `json:"push,omitempty"`
}

// Side is a lock or an image that is compared.
type Side struct {
	// Name is the argument of the command.
	Name string `json:"name"`
	// Source is what it is.
	Source string `json:"source" jsonschema:"enum=lock,enum=image"`
	// Digest is that of an image.
	Digest string `json:"digest,omitempty"`
}

// Difference is a fact that differs.
type Difference struct {
	// Kind is what the fact is about, such as "package", "base" or "model-file".
	Kind string `json:"kind"`
	// Op is how it differs.
	Op string `json:"op" jsonschema:"enum=added,enum=removed,enum=changed"`
	// Name is the name of the package, file, variable or the like.
	Name string `json:"name"`
	// Was is the value in A.
	Was string `json:"was,omitempty"`
	// Is is the value in B.
	Is string `json:"is,omitempty"`
	// WasSize is the size of a file in A, in bytes.
	WasSize int64 `json:"was-size,omitempty"`
	// IsSize is the size of a file in B, in bytes.
	IsSize int64 `json:"is-size,omitempty"`
	// Platforms are those on which it differs.
	Platforms []string `json:"platforms"`
}

// LayerDiff is how the layers of two images differ on one platform.
type LayerDiff struct {
	// Platform is os/arch.
	Platform string `json:"platform"`
	// Shared counts the layers of B that A has too.
	Shared int `json:"shared"`
	// SharedSize is their size in bytes.
	SharedSize int64 `json:"shared-size"`
	// Added are the layers of B alone.
	Added []Blob `json:"added"`
	// Removed are the layers of A alone.
	Removed []Blob `json:"removed"`
	// Pull is what a machine that has A transfers to pull B, in bytes.
	Pull int64 `json:"pull"`
	// PullAll is what a machine that has neither transfers, in bytes.
	PullAll int64 `json:"pull-all"`
}

// Blob is a layer as a registry has it.
type Blob struct {
	// Digest names it.
	Digest string `json:"digest"`
	// Size is its compressed size in bytes.
	Size int64 `json:"size"`
	// CreatedBy is the layer's entry in the image's history.
	CreatedBy string `json:"created-by,omitempty"`
}

// Verification is what verify prints: whether an image is what its lock makes.
type Verification struct {
	// Image is the argument of the command.
	Image string `json:"image"`
	// Digest is that of its manifest or index.
	Digest string `json:"digest"`
	// Same reports that the manifest of every platform has the same digest.
	Same bool `json:"same"`
	// Causes are the packages, images and files of the model that differ, from which
	// the differences below follow: the lock is another than that of the image.
	Causes []Difference `json:"causes"`
	// Platforms has an entry for each platform of the image.
	Platforms []VerifiedPlatform `json:"platforms"`
}

// VerifiedPlatform says what differs in the image of one platform. "Was" is of
// the image, "is" of its rebuild.
type VerifiedPlatform struct {
	// Platform is os/arch.
	Platform string `json:"platform"`
	// Was is the digest of the image's manifest.
	Was string `json:"was"`
	// Is is the digest of the rebuild's manifest.
	Is string `json:"is"`
	// Same reports that they are equal.
	Same bool `json:"same"`
	// Layers are those that differ.
	Layers []VerifiedLayer `json:"layers"`
	// Config are the fields of the configuration that differ.
	Config []FieldDiff `json:"config"`
	// Manifest are the fields of the manifest that differ.
	Manifest []FieldDiff `json:"manifest"`
}

// VerifiedLayer is a layer that differs.
type VerifiedLayer struct {
	// Number counts from 1, the lowest layer of the image, or of the rebuild if
	// the image does not have the layer.
	Number int `json:"number"`
	// CreatedBy is the layer's entry in the history.
	CreatedBy string `json:"created-by"`
	// Was is its digest in the image.
	Was string `json:"was,omitempty"`
	// Is is its digest in the rebuild.
	Is string `json:"is,omitempty"`
	// Compressed reports that only the compression differs.
	Compressed bool `json:"compressed-otherwise,omitempty"`
	// Files are what differs in it.
	Files []FileDiff `json:"files"`
}

// FieldDiff is a field of a JSON document that differs.
type FieldDiff struct {
	// Field is its path.
	Field string `json:"field"`
	// Was is its value in the image, as JSON.
	Was string `json:"was,omitempty"`
	// Is is its value in the rebuild, as JSON.
	Is string `json:"is,omitempty"`
}

// FileDiff is an attribute of a file that differs.
type FileDiff struct {
	// File is its path.
	File string `json:"file"`
	// Attribute is what differs, such as "mode" or "contents".
	Attribute string `json:"attribute"`
	// Was is the value in the image.
	Was string `json:"was,omitempty"`
	// Is is the value in the rebuild.
	Is string `json:"is,omitempty"`
}
