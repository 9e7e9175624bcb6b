package deployfile

import "github.com/invopop/jsonschema"

// targets adds what the Go types of targets cannot say.
func (c *constrainer) targets() {
	c.of("Target").Required = []string{"kind"}
	c.key("Target", "kind").Enum = anys(targetKinds())
	c.key("Target", "endpoint").Pattern = endpointPattern
	c.key("Target", "env").PropertyNames = &jsonschema.Schema{Pattern: envNamePattern}
	c.number("Target", "port", 65535)
	c.key("Target", "format").Enum = anys(formats())
	c.items("Target", "tags").Pattern = tagPattern
	c.number("Target", "replicas", 0).Default = defaultReplicas
	c.choice("Target", "restart", restarts(), defaultRestart)
	c.key("Target", "address").Default = defaultAddress
	c.key("Target", "network").Pattern = networkPattern
	c.key("Target", "context").MinLength = new(uint64(1))
	c.choice("Target", "strategy", strategies(), defaultStrategy)
	c.number("Target", "weight", 99).Default = defaultWeight
	c.key("Target", "model-volume").Default = false
	c.key("Target", "modelcar").Default = false
	c.items("Target", "env-from").Pattern = envFromPattern
	c.items("Target", "image-pull-secrets").Pattern = objectNamePattern
	c.key("Target", "node-selector").PropertyNames = &jsonschema.Schema{Pattern: nodeLabelPattern}
	c.items("Target", "topology-spread").Pattern = nodeLabelPattern
	c.key("Target", "min-available").Pattern = minAvailablePattern
	c.items("Target", "allow-from").Pattern = allowFromPattern
	c.choice("Target", "mode", modes(), defaultMode)

	c.key("Resources", "cpu").Pattern = quantityPattern
	c.key("Resources", "memory").Pattern = quantityPattern
	c.key("Resources", "gpus").Minimum = "0"
	c.key("Resources", "gpu-resource").Pattern = gpuPattern
	c.key("Resources", "gpu-resource").Default = defaultGPUResource

	c.of("Autoscale").Required = []string{"max"}
	c.key("Autoscale", "min").Minimum = "0"
	c.key("Autoscale", "min").Default = defaultAutoscaleMin
	c.number("Autoscale", "max", 0)
	c.number("Autoscale", "cpu", 100).Default = defaultAutoscaleCPU
	c.number("Autoscale", "concurrency", 0)

	c.of("ServiceAccount").Required = []string{"name"}
	c.key("ServiceAccount", "name").Pattern = objectNamePattern
	c.key("ServiceAccount", "create").Default = false
	c.key("ServiceAccount", "annotations").PropertyNames = &jsonschema.Schema{Pattern: nodeLabelPattern}

	c.key("Toleration", "effect").Enum = anys(append(effects(), ""))

	c.of("Ingress").Required = []string{"host"}
	c.key("Ingress", "host").Pattern = hostPattern
	c.key("Ingress", "path").Pattern = urlPathPattern
	c.key("Ingress", "path").Default = defaultPath
	c.key("Ingress", "class").Pattern = objectNamePattern
	c.key("Ingress", "tls-secret").Pattern = objectNamePattern

	c.of("HTTPRoute").Required = []string{"gateway"}
	c.key("HTTPRoute", "gateway").Pattern = gatewayPattern
	c.items("HTTPRoute", "hosts").Pattern = hostPattern
	c.key("HTTPRoute", "path").Pattern = urlPathPattern
	c.key("HTTPRoute", "path").Default = defaultPath

	c.of("Patch").Required = []string{"kind", "patch"}
	c.key("Patch", "kind").Pattern = objectKindPattern
}
