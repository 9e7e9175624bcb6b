package deployfile

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const everyTarget = `
model.source = "iris"
image.tags = ["registry.example.com/team/iris"]
[targets.local]
kind = "docker"
format = "docker"
restart = "on-failure"
address = "::1"
network = "models"
resources = { cpu = "0.5", memory = "1.5Gi", gpus = 1 }
[targets.node]
kind = "containerd"
network = "cni"
[targets.release]
kind = "registry"
tags = ["1.4.0", "latest"]
[targets.prod]
kind = "kubernetes"
endpoint = "iris"
context = "prod"
namespace = "models"
strategy = "canary"
weight = 25
model-volume = true
env-from = ["secret/a.b", "config-map/c"]
image-pull-secrets = ["login"]
node-selector = { "example.com/pool" = "inference", spot = "" }
topology-spread = ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
min-available = "50%"
allow-from = ["*"]
[targets.prod.resources]
cpu = "2"
memory = "2Gi"
gpus = 2
gpu-resource = "amd.com/gpu"
[targets.prod.autoscale]
min = 2
max = 8
cpu = 60
[targets.prod.service-account]
name = "iris"
create = true
annotations = { "example.com/role" = "reader: all" }
[[targets.prod.tolerations]]
[[targets.prod.tolerations]]
key = "nvidia.com/gpu"
value = "present"
effect = "NoSchedule"
[targets.prod.ingress]
host = "*.example.com"
path = "/iris"
class = "nginx"
tls-secret = "certificate"
[targets.prod.http-route]
gateway = "gateways/public"
hosts = ["iris.example.com", "*.example.org"]
[[targets.prod.patches]]
kind = "Deployment"
patch = '''
spec:
  template:
    spec:
      priorityClassName: high
'''
[[targets.prod.patches]]
kind = "Service"
name = "iris"
patch = '[{ "op": "remove", "path": "/spec/type" }]'
[targets.serving]
kind = "kserve"
autoscale = { min = 0, max = 4, concurrency = 8 }
[targets.raw]
kind = "kserve"
mode = "raw"
modelcar = true
resources.cpu = "1"
autoscale.max = 3
`

func TestParseTargets(t *testing.T) {
	const image = "registry.example.com/team/iris"
	want := map[string]Target{
		"local": {
			Name: "local", Kind: "docker", Endpoint: "iris-local", Port: 8080, Format: "docker",
			Restart: "on-failure", Address: "::1", Network: "models",
			Resources: Resources{CPU: "0.5", Memory: "1.5Gi", GPUs: 1},
		},
		"node": {
			Name: "node", Kind: "containerd", Endpoint: "iris-node", Port: 8080, Format: "oci", Network: "cni",
		},
		"release": {
			Name: "release", Kind: "registry", Endpoint: "iris-release", Image: image, Port: 8080, Format: "oci",
			Tags: []string{"1.4.0", "latest"},
		},
		"prod": {
			Name: "prod", Kind: "kubernetes", Endpoint: "iris", Image: image, Port: 8080, Format: "oci",
			Context: "prod", Namespace: "models", Strategy: "canary", Weight: 25, ModelVolume: true,
			EnvFrom: []string{"secret/a.b", "config-map/c"}, ImagePullSecrets: []string{"login"},
			NodeSelector:     map[string]string{"example.com/pool": "inference", "spot": ""},
			TopologySpread:   []string{"topology.kubernetes.io/zone", "kubernetes.io/hostname"},
			DisruptionBudget: "50%", NetworkPolicy: []string{"*"},
			Resources: Resources{CPU: "2", Memory: "2Gi", GPUs: 2, GPUResource: "amd.com/gpu"},
			Autoscale: &Autoscale{Min: 2, Max: 8, CPU: 60},
			ServiceAccount: &ServiceAccount{
				Name: "iris", Create: true, Annotations: map[string]string{"example.com/role": "reader: all"},
			},
			Tolerations: []Toleration{{}, {Key: "nvidia.com/gpu", Value: "present", Effect: "NoSchedule"}},
			Ingress:     &Ingress{Host: "*.example.com", Path: "/iris", Class: "nginx", TLSSecret: "certificate"},
			HTTPRoute: &HTTPRoute{
				Gateway: "gateways/public", Hosts: []string{"iris.example.com", "*.example.org"}, Path: "/",
			},
			Patches: []Patch{
				{Kind: "Deployment", Patch: "spec:\n  template:\n    spec:\n      priorityClassName: high\n"},
				{Kind: "Service", Name: "iris", Patch: `[{ "op": "remove", "path": "/spec/type" }]`},
			},
		},
		"serving": {
			Name: "serving", Kind: "kserve", Endpoint: "iris-serving", Image: image, Port: 8080, Format: "oci",
			Strategy: "rolling", Mode: "serverless", Autoscale: &Autoscale{Min: 0, Max: 4, Concurrency: 8},
		},
		"raw": {
			Name: "raw", Kind: "kserve", Endpoint: "iris-raw", Image: image, Port: 8080, Format: "oci",
			Strategy: "rolling", Mode: "raw", Modelcar: true, Resources: Resources{CPU: "1"}, Autoscale: &Autoscale{Min: 1, Max: 3, CPU: 80},
		},
	}
	file, warnings, err := Parse("D", []byte(everyTarget))
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	if diff := cmp.Diff(want, file.Targets); diff != "" {
		t.Error(diff)
	}
}

// A target that says no more than its kind gets the defaults of that kind.
func TestParseAcceptsEveryTargetKind(t *testing.T) {
	common := Target{Name: "x", Endpoint: "model-x", Port: 8080, Format: "oci"}
	tests := map[string]func(*Target){
		"docker":     func(t *Target) { t.Restart, t.Address = "unless-stopped", "127.0.0.1" },
		"containerd": func(t *Target) { t.Network = "host" },
		"registry":   func(*Target) {},
		"kubernetes": func(t *Target) { t.Replicas, t.Strategy = 1, "rolling" },
		"kserve":     func(t *Target) { t.Replicas, t.Strategy, t.Mode = 1, "rolling", "serverless" },
	}
	for _, kind := range targetKinds() {
		want := common
		want.Kind = kind
		tests[kind](&want)
		file := mustParse(t, "[model]\nsource = 'model'\n[targets.x]\nkind = '"+kind+"'\n")
		if diff := cmp.Diff(want, file.Targets["x"]); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
	}
}

// No limit on hostile texts is in the way of a hundred targets.
func TestParseManyTargets(t *testing.T) {
	start, end := strings.Index(everyTarget, "[targets.prod]"), strings.Index(everyTarget, "[targets.serving]")
	one := strings.Replace(everyTarget[start:end], "endpoint = \"iris\"\n", "", 1)
	source := everyTarget[:start]
	for n := range 100 {
		source += strings.ReplaceAll(one, "targets.prod", fmt.Sprintf("targets.prod-%d", n))
	}
	file := mustParse(t, source)
	if got := file.Targets["prod-99"]; len(file.Targets) != 103 || got.Endpoint != "iris-prod-99" || len(got.Patches) != 2 {
		t.Errorf("%d targets, the last is %+v", len(file.Targets), got)
	}
}

// Endpoints of one name may stand in different places.
func TestParseAcceptsOneEndpointInTwoPlaces(t *testing.T) {
	for name, keys := range map[string][2]string{
		"kinds":      {"kind = 'docker'", "kind = 'kubernetes'"},
		"namespaces": {"kind = 'kubernetes'\nnamespace = 'a'", "kind = 'kubernetes'\nnamespace = 'b'"},
		"contexts":   {"kind = 'kserve'\ncontext = 'a'", "kind = 'kubernetes'\ncontext = 'b'"},
		"registries": {"kind = 'registry'\nimage = 'a.example.com/a'", "kind = 'registry'\nimage = 'b.example.com/a'"},
	} {
		t.Run(name, func(t *testing.T) {
			file := mustParse(t, "model.source = 'm'\n[targets.a]\nendpoint = 'x'\n"+keys[0]+"\n[targets.b]\nendpoint = 'x'\n"+keys[1]+"\n")
			if file.Targets["a"].Endpoint != "x" || file.Targets["b"].Endpoint != "x" {
				t.Errorf("%+v", file.Targets)
			}
		})
	}
}

// The name of an endpoint is one that a Service can have with a suffix.
func TestEndpointDefault(t *testing.T) {
	long := strings.Repeat("long-", 12) + "name"
	tests := []struct{ model, target, want string }{
		{"iris", "prod", "iris-prod"},
		{"iris.v2_final", "eu-1", "iris-v2-final-eu-1"},
		{"2048", "prod", "model-2048-prod"},
		{strings.Repeat("m", 45), "prod", strings.Repeat("m", 45) + "-prod"},
		{long, "prod", "long-long-long-long-long-long-long-long-l-dcb142fe"},
		{long, "test", "long-long-long-long-long-long-long-long-l-43f800b0"},
		{strings.Repeat("m", 40) + "-names", "prod", strings.Repeat("m", 40) + "-0e268359"},
	}
	for _, test := range tests {
		file := mustParse(t, "model = { source = 'm', name = '"+test.model+"' }\n[targets."+test.target+"]\nkind = 'kubernetes'\n")
		got := file.Targets[test.target].Endpoint
		if got != test.want {
			t.Errorf("%s, %s: got %q, want %q", test.model, test.target, got, test.want)
		}
		if !matches(endpointPattern, got) {
			t.Errorf("%q is no endpoint", got)
		}
	}
}
