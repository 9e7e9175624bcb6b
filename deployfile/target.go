package deployfile

import "maps"

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
	if s := t.server(); s != nil {
		return s.Env
	}
	return nil
}

// ModelConfig returns the configuration that the target's server gets in the place of
// the image's, nil if none.
func (t Target) ModelConfig() ModelConfig {
	if s := t.server(); s != nil {
		return s.ModelConfig
	}
	return nil
}

// Lacking returns those of some environment variables that the target's server gets no
// value for. A kind that runs no server lacks none, and of one whose variables come
// from elsewhere, such as a Secret, that is not known.
func (t Target) Lacking(names []string, image map[string]string) []string {
	s := t.server()
	if s == nil {
		return nil
	}
	if e, ok := t.Spec.(interface{ ForeignEnv() bool }); ok && e.ForeignEnv() {
		return nil
	}
	var out []string
	variables := s.Variables()
	for _, name := range names {
		_, inImage := image[name]
		if _, there := variables[name]; !there && !inImage {
			out = append(out, name)
		}
	}
	return out
}

// server returns the keys of the target's server, nil for a kind that runs none.
func (t Target) server() *ServerEnv {
	if s, ok := t.Spec.(interface{ serverEnv() *ServerEnv }); ok {
		return s.serverEnv()
	}
	return nil
}

// ServerEnv has the keys that kinds share whose targets run the model's server.
type ServerEnv struct {
	// Env are environment variables of the running server, added to
	// [environment] env. The image does not have them: it is the same for all
	// targets.
	Env map[string]string `toml:"env" json:"env,omitzero" keys:"env-name"`
	// ModelConfig takes the place of [server] model-config for this target.
	ModelConfig ModelConfig `toml:"model-config" json:"model-config,omitzero"`
}

func (s *ServerEnv) serverEnv() *ServerEnv { return s }

// Variables returns the environment variables of the server: Env, and the one that
// ModelConfig becomes.
func (s ServerEnv) Variables() map[string]string {
	config := s.ModelConfig.JSON()
	if config == "" {
		return s.Env
	}
	out := map[string]string{ModelConfigVariable: config}
	maps.Copy(out, s.Env)
	return out
}

// ModelApart returns the key that leaves the model out of the image, Modelcar,
// ModelVolume or ModelData, or "" if the model is part of the image.
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
