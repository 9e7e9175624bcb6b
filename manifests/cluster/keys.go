package cluster

import (
	_ "embed" // for the doc comments

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
)

//go:embed keys.go
var source string

// Sources returns the Go source of Pod and what it embeds, for Kind.Sources.
func Sources() []string { return append(manifests.Sources(), source) }

// Pod has the keys that all kinds on a cluster have: what the instances are.
type Pod struct {
	// Context is the context of the kubeconfig; the default is its current
	// one.
	Context string `toml:"context" json:"context,omitzero" format:"context"`
	// Namespace is the Kubernetes namespace; the default is that of the context.
	Namespace string `toml:"namespace" json:"namespace,omitzero" format:"namespace"`
	deployfile.ServerEnv
	// Replicas is how many instances run, 1 by default.
	Replicas int `toml:"replicas" json:"replicas,omitzero" min:"1" default:"1"`
	// Resources are what each instance gets.
	Resources PodResources `toml:"resources" json:"resources,omitzero"`
	manifests.Rollout
	// ModelVolume mounts the model's own OCI artifact as a volume, so that one
	// environment image serves many models.
	ModelVolume bool `toml:"model-volume" json:"model-volume,omitzero" default:"false"`
	// EnvFrom are Kubernetes objects whose keys become environment variables,
	// "secret/NAME" or "config-map/NAME".
	EnvFrom []string `toml:"env-from" json:"env-from,omitzero" format:"env-from" unique:"true"`
	// ImagePullSecrets are names of Secrets with registry credentials.
	ImagePullSecrets []string `toml:"image-pull-secrets" json:"image-pull-secrets,omitzero" format:"secret-name" unique:"true"`
	// ServiceAccount is who the instances are in the cluster.
	ServiceAccount *ServiceAccount `toml:"service-account" json:"service-account,omitzero"`
	// NodeSelector are labels that a node must have.
	NodeSelector map[string]string `toml:"node-selector" json:"node-selector,omitzero" keys:"node-label" format:"label-value"`
	// Tolerations are taints that are no obstacle.
	Tolerations []Toleration `toml:"tolerations" json:"tolerations,omitzero"`
	// Patches change what the keys above cannot say.
	Patches []Patch `toml:"patches" json:"patches,omitzero"`
}

// PodResources are what one instance gets, in Kubernetes' notation of
// quantities.
type PodResources struct {
	manifests.Resources
	// GPUResource is how the cluster calls its GPUs, "nvidia.com/gpu" by default.
	GPUResource string `toml:"gpu-resource" json:"gpu-resource,omitzero" format:"gpu" default:"nvidia.com/gpu"`
}

// Autoscale lets the number of instances follow the load.
type Autoscale struct {
	// Min is the lowest number of instances, 1 by default; serverless KServe
	// may go down to 0.
	Min int `toml:"min" json:"min" min:"0" default:"1"`
	// Max is the highest number of instances. It is required.
	Max int `toml:"max" json:"max" min:"1" required:"it is the highest number of instances" example:"max = 4"`
	// CPU is the use of the requested CPU that is aimed at, in percent, 80 by
	// default; serverless KServe does not know it.
	CPU int `toml:"cpu" json:"cpu,omitzero" min:"1" max:"100" default:"80"`
}

// ServiceAccount is who the instances are in the cluster.
type ServiceAccount struct {
	// Name is the account's name. It is required.
	Name string `toml:"name" json:"name" format:"object" required:"it says which account" example:"name = \"NAME\""`
	// Create makes the account; otherwise it is there already.
	Create bool `toml:"create" json:"create,omitzero" default:"false"`
	// Annotations are those of an account that is made, such as the cloud role
	// that it stands for.
	Annotations map[string]string `toml:"annotations" json:"annotations,omitzero" keys:"annotation"`
}

// Toleration is a taint that is no obstacle:
// https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/.
type Toleration struct {
	// Key is the taint's key, "" for all.
	Key string `toml:"key" json:"key,omitzero" format:"taint" empty:"true"`
	// Value is the taint's value, "" for any.
	Value string `toml:"value" json:"value,omitzero" format:"label-value"`
	// Effect is NoSchedule, PreferNoSchedule or NoExecute, "" for all.
	Effect string `toml:"effect" json:"effect,omitzero" enum:"NoSchedule PreferNoSchedule NoExecute" empty:"true"`
}

// Patch changes a rendered object.
type Patch struct {
	// Kind is the kind of the objects, such as "Deployment". It is required.
	Kind string `toml:"kind" json:"kind" format:"object-kind" required:"it says which objects are changed" example:"kind = \"Deployment\""`
	// Name is the name of the object, "" for all of the kind.
	Name string `toml:"name" json:"name,omitzero" format:"object" empty:"true"`
	// Patch is YAML or JSON: an object is a strategic merge patch (a JSON merge
	// patch for kinds that Kubernetes does not know itself), a list is a JSON
	// patch (RFC 6902).
	Patch string `toml:"patch" json:"patch" required:"it is what is changed, in YAML or JSON" example:"patch = '{ \"metadata\": { \"labels\": { \"team\": \"flowers\" } } }'"`
}

// ForeignEnv reports whether the server has variables from objects of the cluster.
func (p *Pod) ForeignEnv() bool { return len(p.EnvFrom) > 0 }

// pod makes a Spec that embeds Pod known to this package.
func (p *Pod) pod() *Pod { return p }

// ModelApart implements deployfile.ModelApart.
func (p *Pod) ModelApart() string {
	if p.ModelVolume {
		return deployfile.ModelVolume
	}
	return ""
}

// Place implements deployfile.Spec. All kinds on a cluster keep their objects
// side by side.
func (p *Pod) Place(deployfile.Target) deployfile.Place {
	return deployfile.Place{System: "kubernetes", Parts: []deployfile.PlacePart{
		{Key: "namespace", Called: "namespace", Value: p.Namespace},
		{Key: "context", Called: "context", Value: p.Context},
	}}
}

// Complete implements deployfile.Completer.
func (p *Pod) Complete() {
	p.Rollout.Complete()
	if p.Resources.GPUs == 0 {
		p.Resources.GPUResource = ""
	}
}
