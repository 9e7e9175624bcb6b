package deployfile

// Target is one place that the image is deployed to: a kind, the keys that all
// kinds have, and those of the kind.
type Target struct {
	// Name is the key below [targets].
	Name string `toml:"-" json:"-"`
	// Kind says what the target is.
	Kind string `toml:"kind" json:"-" required:"-"`
	// Endpoint is how the deployment is called at the target: the name of its
	// objects and containers, a DNS label of at most 50 characters that starts
	// with a letter. The default is the model's name and the target's, joined
	// by "-".
	Endpoint string `toml:"endpoint" json:"-" format:"endpoint"`
	// Image is the repository (no tag) that this target pulls from; the
	// default is that of the first of [image] tags, but for docker and
	// containerd none: they are handed the image itself.
	Image string `toml:"image" json:"image,omitzero" format:"repository"`
	// Port is the port where the endpoint is reached; the default is the
	// server's.
	Port int `toml:"port" json:"port,omitzero" min:"1" max:"65535"`
	// Format is what the registry is given: "oci" (the default: an OCI index,
	// with attestations if there are some), "docker" (Docker's media types, no
	// attestations) or "docker-manifest" (the same without an index, so for
	// one platform).
	Format string `toml:"format" json:"format,omitzero"`
	// Spec are the keys of the kind, with their defaults filled in. A table
	// that was not written is nil where its presence says something.
	Spec Spec `toml:"-" json:"-"`
}

// Env returns the environment variables of the target's server, nil for a kind
// that runs none.
func (t Target) Env() map[string]string {
	if s, ok := t.Spec.(interface{ serverEnv() map[string]string }); ok {
		return s.serverEnv()
	}
	return nil
}

// ServerEnv has the key that kinds share whose targets run the model's server.
type ServerEnv struct {
	// Env are environment variables of the running server, added to
	// [environment] env. The image does not have them: it is the same for all
	// targets.
	Env map[string]string `toml:"env" json:"env,omitzero" keys:"env-name"`
}

func (s *ServerEnv) serverEnv() map[string]string { return s.Env }

// ModelApart returns the key that leaves the model out of the image, Modelcar
// or ModelVolume, or "" if the model is part of the image.
func (t Target) ModelApart() string {
	if apart, ok := t.Spec.(ModelApart); ok {
		return apart.ModelApart()
	}
	return ""
}

// Needs returns the form in which the target takes the image.
func (t Target) Needs() ImageNeed {
	if t.Spec == nil {
		return ImageNeed{}
	}
	return t.Spec.Kind().Image
}
