package deployfile

// Target is one place that the image is deployed to: a kind, the keys that
// all kinds share, and keys that only some kinds have. The tag "kinds" lists
// those; a field without it is for all. A table that was not written is nil
// where its presence says something; such a table has its defaults filled in.
//
// Targets keep a Target, encoded as JSON with the names of the Go fields, as
// part of what they were told: a field is added or left unused, not renamed.
type Target struct {
	// Name is the key below [targets].
	Name string `toml:"-"`
	// Kind is docker, containerd, registry, kubernetes or kserve.
	Kind string `toml:"kind"`
	// Endpoint is how the deployment is called at the target: the name of its
	// objects and containers, a DNS label of at most 50 characters that starts
	// with a letter. The default is the model's name and the target's, joined
	// by "-".
	Endpoint string `toml:"endpoint"`
	// Image is the repository (no tag) that this target pulls from; the
	// default is that of the first of [image] tags, but for docker and
	// containerd none: they are handed the image itself.
	Image string `toml:"image"`
	// Env are environment variables of the running server, added to
	// [environment] env. The image does not have them: it is the same for all
	// targets.
	Env map[string]string `toml:"env" kinds:"docker,containerd,kubernetes,kserve"`
	// Port is the port where the endpoint is reached; the default is the
	// server's.
	Port int `toml:"port"`
	// Format is what the registry is given: "oci" (the default: an OCI index,
	// with attestations if there are some), "docker" (Docker's media types, no
	// attestations) or "docker-manifest" (the same without an index, so for
	// one platform).
	Format string `toml:"format"`
	// Tags are further tags that a registry target sets, without the
	// repository.
	Tags []string `toml:"tags" kinds:"registry"`

	// Namespace is the Kubernetes or containerd namespace.
	Namespace string `toml:"namespace" kinds:"containerd,kubernetes,kserve"`
	// Replicas is how many instances run, 1 by default.
	Replicas int `toml:"replicas" kinds:"kubernetes,kserve"`
	// Resources are what each instance gets.
	Resources Resources `toml:"resources" kinds:"docker,containerd,kubernetes,kserve"`

	// Restart is the restart policy of a container: "no", "on-failure",
	// "always" or "unless-stopped" (the default).
	Restart string `toml:"restart" kinds:"docker"`
	// Address is the address of this machine that the port is opened on,
	// 127.0.0.1 by default.
	Address string `toml:"address" kinds:"docker"`
	// Network is the network of the container: for docker the name of one of
	// the engine's, or "host"; for containerd "host" (the default) or "cni".
	Network string `toml:"network" kinds:"docker,containerd"`

	// Context is the context of the kubeconfig; the default is its current
	// one.
	Context string `toml:"context" kinds:"kubernetes,kserve"`
	// Strategy is "rolling" (the default), "blue-green" or "canary".
	Strategy string `toml:"strategy" kinds:"kubernetes,kserve"`
	// Weight is the share of the requests that a canary gets, in percent, 10
	// by default.
	Weight int `toml:"weight" kinds:"kubernetes,kserve"`
	// Autoscale lets the number of instances follow the load; Replicas is then
	// 0.
	Autoscale *Autoscale `toml:"autoscale" kinds:"kubernetes,kserve"`
	// ModelVolume mounts the model's own OCI artifact as a volume, so that one
	// environment image serves many models.
	ModelVolume bool `toml:"model-volume" kinds:"kubernetes,kserve"`
	// Modelcar has KServe bring the model from an OCI image of its own, as it
	// does with a storageUri oci://, so that one environment image serves many
	// models.
	Modelcar bool `toml:"modelcar" kinds:"kserve"`
	// EnvFrom are Kubernetes objects whose keys become environment variables,
	// "secret/NAME" or "config-map/NAME".
	EnvFrom []string `toml:"env-from" kinds:"kubernetes,kserve"`
	// ImagePullSecrets are names of Secrets with registry credentials.
	ImagePullSecrets []string `toml:"image-pull-secrets" kinds:"kubernetes,kserve"`
	// ServiceAccount is who the instances are in the cluster.
	ServiceAccount *ServiceAccount `toml:"service-account" kinds:"kubernetes,kserve"`
	// NodeSelector are labels that a node must have.
	NodeSelector map[string]string `toml:"node-selector" kinds:"kubernetes,kserve"`
	// Tolerations are taints that are no obstacle.
	Tolerations []Toleration `toml:"tolerations" kinds:"kubernetes,kserve"`
	// TopologySpread are node labels over whose values the instances are
	// spread, such as "topology.kubernetes.io/zone".
	TopologySpread []string `toml:"topology-spread" kinds:"kubernetes"`
	// Ingress makes an Ingress.
	Ingress *Ingress `toml:"ingress" kinds:"kubernetes"`
	// HTTPRoute makes a route of the Gateway API.
	HTTPRoute *HTTPRoute `toml:"http-route" kinds:"kubernetes"`
	// DisruptionBudget is how many instances a node drain must leave, as a
	// number or a percentage; none by default.
	DisruptionBudget string `toml:"min-available" kinds:"kubernetes"`
	// NetworkPolicy are the namespaces whose pods may send requests, "*" for
	// all; none makes no NetworkPolicy.
	NetworkPolicy []string `toml:"allow-from" kinds:"kubernetes"`
	// Mode is "serverless" (Knative, the default) or "raw".
	Mode string `toml:"mode" kinds:"kserve"`
	// Patches change what the keys above cannot say.
	Patches []Patch `toml:"patches" kinds:"kubernetes,kserve"`
}

// ModelApart is the key that leaves the model out of the image, "modelcar" or
// "model-volume", or "" if it is part of the image.
func (t Target) ModelApart() string {
	switch {
	case t.Modelcar:
		return "modelcar"
	case t.ModelVolume:
		return "model-volume"
	}
	return ""
}

// Resources are what one instance gets, in Kubernetes' notation of quantities.
type Resources struct {
	// CPU is in cores, "2" or "500m".
	CPU string `toml:"cpu"`
	// Memory is in bytes, "2Gi"; more than that ends the instance.
	Memory string `toml:"memory"`
	// GPUs is a number of whole GPUs.
	GPUs int `toml:"gpus"`
	// GPUResource is how the cluster calls them, "nvidia.com/gpu" by default.
	GPUResource string `toml:"gpu-resource" kinds:"kubernetes,kserve"`
}

// Autoscale lets the number of instances follow the load.
type Autoscale struct {
	// Min is the lowest number of instances, 1 by default; serverless KServe
	// may go down to 0.
	Min int `toml:"min"`
	// Max is the highest number of instances. It is required.
	Max int `toml:"max"`
	// CPU is the use of the requested CPU that is aimed at, in percent, 80 by
	// default; serverless KServe does not know it.
	CPU int `toml:"cpu"`
	// Concurrency is the number of requests at a time for each instance that
	// is aimed at; only serverless KServe knows it.
	Concurrency int `toml:"concurrency" kinds:"kserve"`
}

// ServiceAccount is who the instances are in the cluster.
type ServiceAccount struct {
	// Name is the account's name. It is required.
	Name string `toml:"name"`
	// Create makes the account; otherwise it is there already.
	Create bool `toml:"create"`
	// Annotations are those of an account that is made, such as the cloud role
	// that it stands for.
	Annotations map[string]string `toml:"annotations"`
}

// Toleration is a taint that is no obstacle:
// https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/.
type Toleration struct {
	// Key is the taint's key, "" for all.
	Key string `toml:"key"`
	// Value is the taint's value, "" for any.
	Value string `toml:"value"`
	// Effect is NoSchedule, PreferNoSchedule or NoExecute, "" for all.
	Effect string `toml:"effect"`
}

// Ingress is how an Ingress leads to the endpoint.
type Ingress struct {
	// Host is the host name, such as "iris.example.com" or "*.example.com". It
	// is required.
	Host string `toml:"host"`
	// Path is the prefix of the path, "/" by default.
	Path string `toml:"path"`
	// Class is the ingress class; the default is the cluster's.
	Class string `toml:"class"`
	// TLSSecret is the Secret with the certificate; none for plain HTTP.
	TLSSecret string `toml:"tls-secret"`
}

// HTTPRoute is how a gateway leads to the endpoint.
type HTTPRoute struct {
	// Gateway is the Gateway's name, "NAME" or "NAMESPACE/NAME". It is
	// required.
	Gateway string `toml:"gateway"`
	// Hosts are the host names; none for all of the gateway's.
	Hosts []string `toml:"hosts"`
	// Path is the prefix of the path, "/" by default.
	Path string `toml:"path"`
}

// Patch changes a rendered object.
type Patch struct {
	// Kind is the kind of the objects, such as "Deployment". It is required.
	Kind string `toml:"kind"`
	// Name is the name of the object, "" for all of the kind.
	Name string `toml:"name"`
	// Patch is YAML or JSON: an object is a strategic merge patch (a JSON merge
	// patch for kinds that Kubernetes does not know itself), a list is a JSON
	// patch (RFC 6902).
	Patch string `toml:"patch"`
}
