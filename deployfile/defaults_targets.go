package deployfile

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// The documented defaults of the targets' keys.
const (
	defaultFormat            = "oci"
	defaultReplicas          = 1
	defaultRestart           = "unless-stopped"
	defaultAddress           = "127.0.0.1"
	defaultContainerdNetwork = "host"
	defaultStrategy          = "rolling"
	defaultWeight            = 10
	defaultMode              = "serverless"
	defaultAutoscaleMin      = 1
	defaultAutoscaleCPU      = 80
	defaultGPUResource       = "nvidia.com/gpu"
	defaultPath              = "/"
)

// longestEndpoint is how long the name of an endpoint may be.
const longestEndpoint = 50

// fillTarget sets what the text left out and the kind of the target has.
func (f *File) fillTarget(t *Target) {
	has := func(key string) bool { return kindHas(t.Kind, key) }
	text := func(into *string, key, standard string) {
		if has(key) {
			*into = cmp.Or(*into, standard)
		}
	}
	t.Endpoint = endpointOf(f, *t)
	t.Image = repositoryOf(f, *t)
	t.Port = cmp.Or(t.Port, f.Server.Port)
	t.Format = cmp.Or(t.Format, defaultFormat)
	text(&t.Restart, "restart", defaultRestart)
	text(&t.Strategy, "strategy", defaultStrategy)
	text(&t.Mode, "mode", defaultMode)
	if t.Kind == "containerd" {
		t.Network = cmp.Or(t.Network, defaultContainerdNetwork)
	}
	if t.Network != hostNetwork {
		text(&t.Address, "address", defaultAddress)
	}
	if t.Strategy == canaryStrategy {
		t.Weight = cmp.Or(t.Weight, defaultWeight)
	}
	if has("replicas") && t.Autoscale == nil {
		t.Replicas = cmp.Or(t.Replicas, defaultReplicas)
	}
	if t.Resources.GPUs > 0 && kindHas(t.Kind, "tolerations") {
		t.Resources.GPUResource = cmp.Or(t.Resources.GPUResource, defaultGPUResource)
	}
	f.fillTables(t)
}

// fillTables fills in the tables inside a target that the text has.
func (f *File) fillTables(t *Target) {
	if scale := t.Autoscale; scale != nil {
		if _, written := f.Position("targets", t.Name, "autoscale", "min"); !written {
			scale.Min = defaultAutoscaleMin
		}
		if t.Mode != serverlessMode {
			scale.CPU = cmp.Or(scale.CPU, defaultAutoscaleCPU)
		}
	}
	if t.Ingress != nil {
		t.Ingress.Path = cmp.Or(t.Ingress.Path, defaultPath)
	}
	if t.HTTPRoute != nil {
		t.HTTPRoute.Path = cmp.Or(t.HTTPRoute.Path, defaultPath)
	}
}

// endpointOf is the endpoint name that a target has or gets.
func endpointOf(f *File, t Target) string {
	return cmp.Or(t.Endpoint, endpointName(modelNameOf(f)+"-"+t.Name))
}

// repositoryOf is the repository that a target has or gets, "" for none. An
// engine has an image store of its own, which needs no registry in between.
func repositoryOf(f *File, t Target) string {
	if t.Kind == "docker" || t.Kind == "containerd" {
		return t.Image
	}
	return cmp.Or(t.Image, firstRepository(f.Image.Tags))
}

// endpointName makes the nearest endpoint name of any text: a DNS label that
// starts with a letter and is at most 50 characters long, so that a Service
// can have it with a suffix. Of a text that is longer, the end is replaced by a
// hash of the whole.
func endpointName(given string) string {
	const hashLength = 8
	name := ModelName(given)
	if name[0] <= '9' {
		name = "model-" + name
	}
	if len(name) <= longestEndpoint {
		return name
	}
	hash := sha256.Sum256([]byte(given))
	name = strings.TrimRight(name[:longestEndpoint-1-hashLength], "-")
	return name + "-" + hex.EncodeToString(hash[:])[:hashLength]
}
