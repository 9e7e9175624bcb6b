package report

// ModelPush is what model push prints.
type ModelPush struct {
	// Reference is the artifact by its digest: REPOSITORY@sha256:….
	Reference string `json:"reference"`
	// Tag is the name that it was pushed as.
	Tag string `json:"tag"`
	// Digest is the manifest's digest.
	Digest string `json:"digest"`
	// Files is the number of the model's files.
	Files int `json:"files"`
	// Size is the size of all layers in bytes.
	Size int64 `json:"size"`
	// Sent is how many bytes of them the registry did not have.
	Sent int64 `json:"sent"`
}

// ModelPull is what model pull prints.
type ModelPull struct {
	// Reference is the artifact by its digest: REPOSITORY@sha256:….
	Reference string `json:"reference"`
	// Directory is where the model is.
	Directory string `json:"directory"`
	// Files is the number of the model's files.
	Files int `json:"files"`
	// Size is the size of all layers in bytes.
	Size int64 `json:"size"`
}

// ModelArtifact is what model inspect prints.
type ModelArtifact struct {
	// Reference is the artifact by its digest: REPOSITORY@sha256:….
	Reference string `json:"reference"`
	// Kind is the media type that says what it is.
	Kind string `json:"kind"`
	// Root is the directory of its files that is the model, if it is not all of them.
	Root string `json:"root,omitempty"`
	// Size is the size of all layers in bytes.
	Size int64 `json:"size"`
	// Annotations are those of the manifest.
	Annotations map[string]string `json:"annotations"`
	// Layers are its layers; empty for an image.
	Layers []ModelLayer `json:"layers"`
}

// ModelLayer is a layer of a model in a registry.
type ModelLayer struct {
	// Digest names it.
	Digest string `json:"digest"`
	// MediaType is its media type.
	MediaType string `json:"media-type"`
	// Size is its size in bytes.
	Size int64 `json:"size"`
	// Mounts reports whether an image has the layer as it is, so that no build moves
	// its bytes.
	Mounts bool `json:"mounts"`
	// Files are the files in it, as far as its annotations name them.
	Files []ModelFile `json:"files"`
}

// ModelFile is a file of a model.
type ModelFile struct {
	// Path is relative to the model's directory.
	Path string `json:"path"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// SHA256 is the hash of its contents, in hexadecimal.
	SHA256 string `json:"sha256"`
	// Executable is the file's executable bit.
	Executable bool `json:"executable,omitempty"`
}
