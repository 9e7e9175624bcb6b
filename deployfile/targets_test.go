package deployfile

import (
	"fmt"
	"strings"
	"testing"
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

// No limit on hostile texts is in the way of a hundred targets.
func TestParseManyTargets(t *testing.T) {
	start, end := strings.Index(everyTarget, "[targets.prod]"), strings.Index(everyTarget, "[targets.serving]")
	one := strings.Replace(everyTarget[start:end], "endpoint = \"iris\"\n", "", 1)
	source := everyTarget[:start]
	for n := range 100 {
		source += strings.ReplaceAll(one, "targets.prod", fmt.Sprintf("targets.prod-%d", n))
	}
	file := mustParse(t, source)
	if got := file.Targets["prod-99"]; len(file.Targets) != 103 || got.Endpoint != "iris-prod-99" || got.ModelApart() != ModelVolume {
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
