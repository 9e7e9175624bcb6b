package report

// Sizes says where the bytes of an image of one platform are.
type Sizes struct {
	// Platform is os/arch.
	Platform string `json:"platform"`
	// Download is what a build fetches, in bytes, besides the base; Installed is the
	// size of all files, without the bytecode that the image has of its Python code.
	Download  int64 `json:"download"`
	Installed int64 `json:"installed"`
	// Parts are the base, the Debian packages, what each requirement brings, and the
	// model, the largest first.
	Parts []Part `json:"parts"`
	// Layers are the layers of Python packages, in the order of the image.
	Layers []LayerSize `json:"layers"`
	// Unknown lists the packages that could not be measured, with the reason,
	// "NAME: …".
	Unknown []string `json:"unknown"`
}

// Part is a part of an image, with all of its own parts.
type Part struct {
	// Kind says what it is.
	Kind string `json:"kind" jsonschema:"enum=base,enum=system-packages,enum=requirement,enum=server,enum=package,enum=model,enum=file"`
	// Name is the base's reference, a requirement, a package or a path.
	Name string `json:"name"`
	// Version is a package's.
	Version string `json:"version,omitempty"`
	// Download is the size of its wheels, Debian packages or files, and Installed of
	// what they are unpacked to, in bytes; 0 if it is not known.
	Download  int64 `json:"download"`
	Installed int64 `json:"installed"`
	// Parts are what it brings and nothing before it has brought, the largest first.
	Parts []Part `json:"parts,omitempty"`
}

// LayerSize is a layer of Python packages.
type LayerSize struct {
	// Name is that of the only package, or bucket-NN.
	Name      string   `json:"name"`
	Packages  []string `json:"packages"`
	Download  int64    `json:"download"`
	Installed int64    `json:"installed"`
}
