package v1

import (
	"encoding/json"
	"reflect"
	"slices"
)

// The tables of an unversioned target under the names of a Deployfile.
type (
	specResources struct {
		CPU         string `json:"cpu,omitempty"`
		Memory      string `json:"memory,omitempty"`
		GPUs        int    `json:"gpus,omitempty"`
		GPUResource string `json:"gpu-resource,omitempty"`
	}
	specAutoscale struct {
		Min         int `json:"min"`
		Max         int `json:"max"`
		CPU         int `json:"cpu,omitempty"`
		Concurrency int `json:"concurrency,omitempty"`
	}
	specServiceAccount struct {
		Name        string            `json:"name"`
		Create      bool              `json:"create,omitempty"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
	specToleration struct {
		Key    string `json:"key,omitempty"`
		Value  string `json:"value,omitempty"`
		Effect string `json:"effect,omitempty"`
	}
	specIngress struct {
		Host      string `json:"host"`
		Path      string `json:"path,omitempty"`
		Class     string `json:"class,omitempty"`
		TLSSecret string `json:"tls-secret,omitempty"`
	}
	specHTTPRoute struct {
		Gateway string   `json:"gateway"`
		Hosts   []string `json:"hosts,omitempty"`
		Path    string   `json:"path,omitempty"`
	}
	specPatch struct {
		Kind  string `json:"kind"`
		Name  string `json:"name,omitempty"`
		Patch string `json:"patch"`
	}
)

// spec returns the keys that the target's kind had, but for kind and endpoint.
func (t unversionedTarget) spec() (json.RawMessage, error) {
	if t.Keys != nil {
		return t.Keys, nil
	}
	var (
		clusterKinds   = []string{"kubernetes", "kserve"}
		kubernetesKind = []string{"kubernetes"}
		dockerKind     = []string{"docker"}
		registryKind   = []string{"registry"}
	)
	var tolerations []specToleration
	for _, x := range t.Tolerations {
		tolerations = append(tolerations, specToleration(x))
	}
	var patches []specPatch
	for _, x := range t.Patches {
		patches = append(patches, specPatch(x))
	}
	keys := []struct {
		name  string
		kinds []string
		value any
	}{
		{"image", nil, t.Image},
		{"env", []string{"docker", "containerd", "kubernetes", "kserve"}, t.Env},
		{"port", nil, t.Port},
		{"format", nil, t.Format},
		{"tags", registryKind, t.Tags},
		{"namespace", []string{"containerd", "kubernetes", "kserve"}, t.Namespace},
		{"resources", []string{"docker", "containerd", "kubernetes", "kserve"}, specResources(t.Resources)},
		{"restart", dockerKind, t.Restart},
		{"address", dockerKind, t.Address},
		{"network", []string{"docker", "containerd"}, t.Network},
		{"context", clusterKinds, t.Context},
		{"replicas", clusterKinds, t.Replicas},
		{"strategy", clusterKinds, t.Strategy},
		{"weight", clusterKinds, t.Weight},
		{"autoscale", clusterKinds, (*specAutoscale)(t.Autoscale)},
		{"model-volume", clusterKinds, t.ModelVolume},
		{"modelcar", []string{"kserve"}, t.Modelcar},
		{"env-from", clusterKinds, t.EnvFrom},
		{"image-pull-secrets", clusterKinds, t.ImagePullSecrets},
		{"service-account", clusterKinds, (*specServiceAccount)(t.ServiceAccount)},
		{"node-selector", clusterKinds, t.NodeSelector},
		{"tolerations", clusterKinds, tolerations},
		{"topology-spread", kubernetesKind, t.TopologySpread},
		{"ingress", kubernetesKind, (*specIngress)(t.Ingress)},
		{"http-route", kubernetesKind, (*specHTTPRoute)(t.HTTPRoute)},
		{"min-available", kubernetesKind, t.DisruptionBudget},
		{"allow-from", kubernetesKind, t.NetworkPolicy},
		{"mode", []string{"kserve"}, t.Mode},
		{"patches", clusterKinds, patches},
	}
	spec := map[string]any{}
	for _, key := range keys {
		has := key.kinds == nil || slices.Contains(key.kinds, t.Kind)
		if has && !reflect.ValueOf(key.value).IsZero() {
			spec[key.name] = key.value
		}
	}
	return json.Marshal(spec)
}
