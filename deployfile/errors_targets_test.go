package deployfile

import "testing"

// TestParseTargetErrors is TestParseErrors for [targets].
func TestParseTargetErrors(t *testing.T) {
	const model = "[model]\nsource = 'model'\n"
	const docker = model + "[targets.prod]\nkind = 'docker'\n"
	const containerd = model + "[targets.prod]\nkind = 'containerd'\n"
	const registry = model + "[targets.prod]\nkind = 'registry'\n"
	const target = model + "[targets.prod]\nkind = 'kubernetes'\n"
	const kserve = model + "[targets.prod]\nkind = 'kserve'\n"
	const patch = target + "[[targets.prod.patches]]\nkind = 'Deployment'\npatch = "

	checkErrors(t, []parseError{
		{"missing-key", model + "[targets.prod]\n", `D:3:10: error: target "prod" has no kind; use "docker", "containerd", "registry", "kubernetes", "kserve", "sagemaker" or "azureml"`},
		{"unknown-value", model + "[targets.prod]\nkind = 'kubernets'\n", `D:4:8: error: unknown targets.prod.kind "kubernets"; did you mean "kubernetes"?`},
		{"invalid-name", model + "[targets.Prod]\nkind = 'docker'\n", `D:3:10: error: target name "Prod" must be lower-case letters, digits and '-', at most 63, not starting or ending with '-'`},
		{"invalid-image", target + "image = 'iris:1'\n", `D:5:9: error: targets.prod.image: "iris:1" must be a repository, with no tag and no digest; write "iris"`},
		{"out-of-range", target + "port = 70000\n", `D:5:8: error: targets.prod.port must be from 1 to 65535, but is 70000`},
		{"out-of-range", target + "replicas = 0\n", `D:5:12: error: targets.prod.replicas must be at least 1, but is 0`},
		{"invalid-name", target + "env = { 'A B' = 'c' }\n", `D:5:9: error: environment variable "A B" must be letters, digits and '_', and not start with a digit`},
		{"invalid-name", target + "namespace = 'Models'\n", `D:5:13: error: "Models" is not a kubernetes namespace`},
		{"misplaced-key", model + "[targets.a]\nkind = 'docker'\nnamespace = 'b'\n", `D:5:1: error: a target of kind "docker" has no namespace; remove it: it is only for containerd, kubernetes, kserve`},
		{"misplaced-key", model + "[targets.a]\nkind = 'containerd'\nreplicas = 2\n", `D:5:1: error: a target of kind "containerd" has no replicas; remove it: it is only for kubernetes, kserve, sagemaker, azureml`},

		// Keys.
		{"unknown-key", model + "[target.prod]\nkind = 'docker'\n", `D:3:2: error: unknown key "target" at the top level; did you mean "targets"?`},
		{"unknown-key", model + "[[targets.prod.tolerations]]\nkeys = 'a'\n[targets.prod]\nkind = 'kubernetes'\n", `D:4:1: error: unknown key "keys" in [targets.prod.tolerations[0]]; did you mean "key"?`},
		{"unknown-key", target + "cpu = '1'\n", `D:5:1: error: unknown key "cpu" in [targets.prod]; it belongs in [targets.prod.resources] or [targets.prod.autoscale]`},
		{"unknown-key", target + "memory = '1Gi'\n", `D:5:1: error: unknown key "memory" in [targets.prod]; it belongs in [targets.prod.resources]`},
		{"unknown-key", target + "path = '/'\n", `D:5:1: error: unknown key "path" in [targets.prod]; it belongs in [targets.prod.ingress] or [targets.prod.http-route]`},
		{"unknown-key", target + "[targets.prod.resources]\nreplicas = 2\n", `D:6:1: error: unknown key "replicas" in [targets.prod.resources]; it belongs in [targets.prod]`},
		{"unknown-key", target + "resources.cpu = '1'\n[targets.prod.autoscale]\nmax = 2\nmaximum = 3\n", `D:8:1: error: unknown key "maximum" in [targets.prod.autoscale]; known keys are min, max, cpu`},
		{"unknown-key", registry + "flavour = 'a'\n", `D:5:1: error: unknown key "flavour" in [targets.prod]; known keys are kind, endpoint, image, env, port, format, tags`},
		{"unknown-key", registry + "gpus = 1\n", `D:5:1: error: unknown key "gpus" in [targets.prod]; known keys are kind, endpoint, image, env, port, format, tags`},
		{"misplaced-key", registry + "restart = 'no'\n", `D:5:1: error: a target of kind "registry" has no restart; remove it: it is only for docker`},
		{"misplaced-key", registry + "[targets.prod.resources]\ncpu = 'a lot'\n", `D:5:15: error: a target of kind "registry" has no resources; remove it: it is only for docker, containerd, kubernetes, kserve`},
		{"misplaced-key", docker + "[targets.prod.ingress]\nhost = 'example.com'\n", `D:5:15: error: a target of kind "docker" has no ingress; remove it: it is only for kubernetes`},
		{"misplaced-key", docker + "[[targets.prod.patches]]\n", `D:5:16: error: a target of kind "docker" has no patches; remove it: it is only for kubernetes, kserve`},
		{"misplaced-key", docker + "resources = { gpus = 1, gpu-resource = 'nvidia.com/gpu' }\n", `D:5:25: error: a target of kind "docker" has no resources.gpu-resource; remove it: it is only for kubernetes, kserve`},
		{"misplaced-key", target + "tags = ['a']\n", `D:5:1: error: a target of kind "kubernetes" has no tags; remove it: it is only for registry`},
		{"misplaced-key", target + "mode = 'raw'\n", `D:5:1: error: a target of kind "kubernetes" has no mode; remove it: it is only for kserve`},
		{"misplaced-key", target + "resources.cpu = '1'\n[targets.prod.autoscale]\nmax = 2\nconcurrency = 3\n", `D:8:1: error: a target of kind "kubernetes" has no autoscale.concurrency; remove it: it is only for kserve`},
		{"misplaced-key", kserve + "min-available = '1'\n", `D:5:1: error: a target of kind "kserve" has no min-available; remove it: it is only for kubernetes`},

		// Types.
		{"wrong-type", target + "ingress = 'example.com'\n", `D:5:11: error: targets.prod.ingress must be a table, but is a string; write its keys below the line [targets.prod.ingress]`},
		{"wrong-type", target + "autoscale = 2\n", `D:5:13: error: targets.prod.autoscale must be a table, but is an integer; write its keys below the line [targets.prod.autoscale]`},
		{"wrong-type", target + "[targets.prod.tolerations]\nkey = 'a'\n", `D:5:1: error: targets.prod.tolerations must be a list of tables, but is a table; write [[targets.prod.tolerations]], with two brackets`},
		{"wrong-type", target + "model-volume = 'true'\n", `D:5:16: error: targets.prod.model-volume must be true or false, but is a string; leave out the quotes: true`},
		{"wrong-type", target + "min-available = 1\n", `D:5:17: error: targets.prod.min-available must be a string, but is an integer; put it in quotes: "1"`},
		{"wrong-type", target + "resources.cpu = 2\n", `D:5:17: error: targets.prod.resources.cpu must be a string, but is an integer; put it in quotes: "2"`},
		{"wrong-type", target + "resources.gpus = '1'\n", `D:5:18: error: targets.prod.resources.gpus must be an integer, but is a string; leave out the quotes: 1`},
		{"wrong-type", target + "allow-from = '*'\n", `D:5:14: error: targets.prod.allow-from must be a list of strings, but is a string; put it in brackets: ['*']`},
		{"wrong-type", target + "node-selector = { spot = true }\n", `D:5:26: error: targets.prod.node-selector.spot must be a string, but is a boolean; put it in quotes: "true"`},

		// All kinds.
		{"invalid-name", target + "endpoint = 'Iris_Prod'\n", `D:5:12: error: targets.prod.endpoint "Iris_Prod" must be lower-case letters, digits and '-', at most 50, starting with a letter and not ending with '-'; for example "iris-prod"`},
		{"invalid-name", target + "endpoint = 'iris-prod-iris-prod-iris-prod-iris-prod-iris-prod-1'\n", `D:5:12: error: targets.prod.endpoint "iris-prod-iris-prod-iris-prod-iris-prod-iris-prod-1" must be lower-case letters, digits and '-', at most 50, starting with a letter and not ending with '-'; for example "iris-prod-iris-prod-iris-prod-iris-prod-i-edc108f7"`},
		{"invalid-name", target + "endpoint = '1iris'\n", `D:5:12: error: targets.prod.endpoint "1iris" must be lower-case letters, digits and '-', at most 50, starting with a letter and not ending with '-'; for example "model-1iris"`},
		{"unknown-value", target + "format = 'docker-v2'\n", `D:5:10: error: unknown targets.prod.format "docker-v2"; did you mean "docker"?`},
		{"duplicate", target + "[targets.test]\nkind = 'kubernetes'\nendpoint = 'model-prod'\n", `D:7:12: error: targets "prod" and "test" are the same endpoint, "model-prod": each would replace the other; give each an endpoint of its own, or another namespace or context`},
		{"duplicate", model + "[targets.b]\nkind = 'docker'\nendpoint = 'x'\n[targets.a]\nkind = 'docker'\nendpoint = 'x'\n", `D:8:12: error: targets "b" and "a" are the same endpoint, "x": each would replace the other; give each an endpoint of its own`},
		{"duplicate", target + "endpoint = 'x'\nnamespace = 'n'\n[targets.a]\nkind = 'kserve'\nendpoint = 'x'\nnamespace = 'n'\n", `D:9:12: error: targets "prod" and "a" are the same endpoint, "x": each would replace the other; give each an endpoint of its own, or another namespace or context`},
		{"duplicate", model + "[targets.a-b]\nkind = 'docker'\n[targets.a--b]\nkind = 'docker'\n", `D:5:1: error: targets "a-b" and "a--b" are the same endpoint, "model-a-b": each would replace the other; give each an endpoint of its own`},
		{"duplicate", registry + "endpoint = 'x'\nimage = 'y'\n[targets.a]\nkind = 'registry'\nendpoint = 'x'\nimage = 'y'\n", `D:9:12: error: targets "prod" and "a" are the same endpoint, "x": each would replace the other; give each an endpoint of its own, or another image`},
		{"duplicate", containerd + "endpoint = 'x'\n[targets.a]\nkind = 'containerd'\nendpoint = 'x'\n", `D:8:12: error: targets "prod" and "a" are the same endpoint, "x": each would replace the other; give each an endpoint of its own, or another namespace`},

		// Containers and registries.
		{"unknown-value", docker + "restart = 'on_failure'\n", `D:5:11: error: unknown targets.prod.restart "on_failure"; did you mean "on-failure"?`},
		{"invalid-address", docker + "address = 'localhost'\n", `D:5:11: error: targets.prod.address "localhost" must be an IP address of this machine; for example "127.0.0.1", or "0.0.0.0" for all of them`},
		{"conflict", docker + "address = '::1'\nnetwork = 'host'\n", `D:5:1: error: targets.prod.address has no effect: the container is on the network of the host itself; leave out the address or the network`},
		{"invalid-name", docker + "network = 'container:db'\n", `D:5:11: error: targets.prod.network "container:db" must be the name of a network, or "host"`},
		{"unknown-value", containerd + "network = 'bridge'\n", `D:5:11: error: unknown targets.prod.network "bridge"; use "host" or "cni"`},
		{"invalid-name", containerd + "namespace = 'a b'\n", `D:5:13: error: "a b" is not a containerd namespace`},
		{"invalid-name", registry + "tags = ['1.4.0', 'iris:1']\n", `D:5:18: error: targets.prod.tags[1] "iris:1" must be a tag without its repository: letters, digits, '_', '.' and '-'; for example "latest"`},
		{"duplicate", registry + "tags = ['a', 'b', 'a']\n", `D:5:19: error: targets.prod.tags has "a" twice; remove one`},

		{"invalid-name", registry + "tags = ['latest', 'model-prod-r7']\n", `D:5:19: error: targets.prod.tags[1] "model-prod-r7" must be another tag: deployfile records the revisions of "model-prod" as those`},

		// Resources.
		{"invalid-quantity", docker + "resources.cpu = 'two'\n", `D:5:17: error: targets.prod.resources.cpu "two" must be a quantity, such as "2" or "500m"`},
		{"invalid-quantity", docker + "resources.memory = '2GB'\n", `D:5:20: error: targets.prod.resources.memory "2GB" must be a quantity, such as "512Mi" or "2Gi"; did you mean "2Gi"?`},
		{"invalid-quantity", docker + "resources.memory = '512mb'\n", `D:5:20: error: targets.prod.resources.memory "512mb" must be a quantity, such as "512Mi" or "2Gi"; did you mean "512Mi"?`},
		{"invalid-quantity", docker + "resources.memory = '100000000000000000000000000000000'\n", `D:5:20: error: targets.prod.resources.memory "100000000000000000000000000000000" must be a quantity, such as "512Mi" or "2Gi"`},
		{"invalid-quantity", docker + "resources.memory = '1e999999'\n", `D:5:20: error: targets.prod.resources.memory "1e999999" must be a quantity, such as "512Mi" or "2Gi"`},
		{"out-of-range", docker + "resources.memory = '512m'\n", `D:5:20: error: targets.prod.resources.memory must be from "1Mi" to "1Pi", but is "512m"; "m" stands for thousandths: write "512Mi"`},
		{"out-of-range", docker + "resources.cpu = '0'\n", `D:5:17: error: targets.prod.resources.cpu must be from "1m" to "1M", but is "0"`},
		{"out-of-range", docker + "resources.cpu = '1e7'\n", `D:5:17: error: targets.prod.resources.cpu must be from "1m" to "1M", but is "1e7"`},
		{"out-of-range", docker + "resources.cpu = '-1'\n", `D:5:17: error: targets.prod.resources.cpu must be from "1m" to "1M", but is "-1"`},
		{"out-of-range", docker + "resources.gpus = -1\n", `D:5:18: error: targets.prod.resources.gpus must be at least 0, but is -1`},
		{"invalid-name", target + "resources = { gpus = 1, gpu-resource = 'gpu' }\n", `D:5:40: error: targets.prod.resources.gpu-resource "gpu" must be the name of a resource with its domain; for example "nvidia.com/gpu"`},
		{"misplaced-key", target + "resources.gpu-resource = 'nvidia.com/gpu'\n", `D:5:11: error: targets.prod.resources.gpu-resource is only for a target with GPUs; remove it, or write for example: gpus = 1`},

		// The strategy and the number of instances.
		{"unknown-value", target + "strategy = 'bluegreen'\n", `D:5:12: error: unknown targets.prod.strategy "bluegreen"; did you mean "blue-green"?`},
		{"unknown-value", target + "strategy = 'rollin'\nweight = 5\n", `D:5:12: error: unknown targets.prod.strategy "rollin"; did you mean "rolling"?`},
		{"out-of-range", target + "strategy = 'canary'\nweight = 0\n", `D:6:10: error: targets.prod.weight must be from 1 to 99, but is 0`},
		{"out-of-range", target + "strategy = 'canary'\nweight = 100\n", `D:6:10: error: targets.prod.weight must be from 1 to 99, but is 100`},
		{"misplaced-key", target + "weight = 20\n", `D:5:1: error: targets.prod.weight is only for strategy "canary"; remove it, or write: strategy = "canary"`},
		{"missing-key", target + "resources.cpu = '1'\n[targets.prod.autoscale]\n", `D:6:15: error: targets.prod.autoscale.max is missing: it is the highest number of instances; for example: max = 4`},
		{"missing-key", target + "resources.cpu = '1'\nautoscale = { min = 2 }\n", `D:6:1: error: targets.prod.autoscale.max is missing: it is the highest number of instances; for example: max = 4`},
		{"out-of-range", target + "resources.cpu = '1'\nautoscale = { min = 0, max = 2 }\n", `D:6:21: error: targets.prod.autoscale.min must be at least 1, but is 0; only a target of kind "kserve" in mode "serverless" goes down to none`},
		{"out-of-range", kserve + "autoscale = { min = -1, max = 2 }\n", `D:5:21: error: targets.prod.autoscale.min must be at least 0, but is -1`},
		{"out-of-range", kserve + "mode = 'raw'\nresources.cpu = '1'\nautoscale = { min = 0, max = 2 }\n", `D:7:21: error: targets.prod.autoscale.min must be at least 1, but is 0; only a target of kind "kserve" in mode "serverless" goes down to none`},
		{"out-of-range", kserve + "autoscale = { min = 0, max = 0 }\n", `D:5:30: error: targets.prod.autoscale.max must be at least 1, but is 0`},
		{"conflict", target + "resources.cpu = '1'\nautoscale = { min = 3, max = 2 }\n", `D:6:21: error: targets.prod.autoscale.min is 3, more than max, which is 2`},
		{"out-of-range", target + "resources.cpu = '1'\nautoscale = { max = 2, cpu = 0 }\n", `D:6:30: error: targets.prod.autoscale.cpu must be from 1 to 100, but is 0`},
		{"out-of-range", target + "resources.cpu = '1'\nautoscale = { max = 2, cpu = 101 }\n", `D:6:30: error: targets.prod.autoscale.cpu must be from 1 to 100, but is 101`},
		{"out-of-range", kserve + "autoscale = { max = 2, concurrency = 0 }\n", `D:5:38: error: targets.prod.autoscale.concurrency must be at least 1, but is 0`},
		{"misplaced-key", kserve + "autoscale = { max = 2, cpu = 50 }\n", `D:5:24: error: targets.prod.autoscale.cpu is not for mode "serverless"; write concurrency in its place, or: mode = "raw"`},
		{"misplaced-key", kserve + "mode = 'raw'\nresources.cpu = '1'\nautoscale = { max = 2, concurrency = 5 }\n", `D:7:24: error: targets.prod.autoscale.concurrency is only for mode "serverless"; write cpu in its place, or leave out the mode`},
		{"missing-key", target + "autoscale.max = 2\n", `D:5:1: error: targets.prod.autoscale follows the use of the requested CPU, and none is requested; set targets.prod.resources.cpu`},
		{"conflict", kserve + "mode = 'raw'\nstrategy = 'blue-green'\n", `D:6:12: error: targets.prod.strategy "blue-green" is not for mode "raw", in which KServe runs one release at a time; leave out one of the two, or write: strategy = "rolling"`},
		{"conflict", target + "replicas = 2\nresources.cpu = '1'\nautoscale.max = 4\n", `D:5:1: error: targets.prod.autoscale is set, so targets.prod.replicas has no effect; leave out one of the two`},
		{"unknown-value", kserve + "mode = 'RawDeployment'\n", `D:5:8: error: unknown targets.prod.mode "RawDeployment"; use "serverless" or "raw"`},
		{"invalid-value", target + "min-available = '0'\n", `D:5:17: error: targets.prod.min-available "0" must be a number of instances or a percentage of them; for example "1" or "50%"`},
		{"invalid-value", target + "min-available = '101%'\n", `D:5:17: error: targets.prod.min-available "101%" must be a number of instances or a percentage of them; for example "1" or "50%"`},

		// Pods.
		{"invalid-name", target + "context = ''\n", `D:5:11: error: targets.prod.context "" must be the name of a context of the kubeconfig`},
		{"invalid-name", target + "env-from = ['secret/a', 'b']\n", `D:5:25: error: targets.prod.env-from[1] "b" must be "secret/NAME" or "config-map/NAME"; did you mean "secret/b"?`},
		{"invalid-name", target + "env-from = ['configmap/b']\n", `D:5:13: error: targets.prod.env-from[0] "configmap/b" must be "secret/NAME" or "config-map/NAME"; did you mean "config-map/b"?`},
		{"invalid-name", target + "env-from = ['pod/b']\n", `D:5:13: error: targets.prod.env-from[0] "pod/b" must be "secret/NAME" or "config-map/NAME"`},
		{"duplicate", target + "env-from = ['secret/a', 'secret/a']\n", `D:5:25: error: targets.prod.env-from has "secret/a" twice; remove one`},
		{"invalid-name", target + "image-pull-secrets = ['A']\n", `D:5:23: error: targets.prod.image-pull-secrets[0] "A" must be the name of a Secret`},
		{"missing-key", target + "[targets.prod.service-account]\ncreate = true\n", `D:5:15: error: targets.prod.service-account.name is missing: it says which account; for example: name = "prod"`},
		{"invalid-name", target + "service-account.name = 'my account'\n", `D:5:24: error: targets.prod.service-account.name "my account" must be the name of an object: lower-case letters, digits, '-' and '.'`},
		{"invalid-name", target + "service-account = { name = 'a', create = true, annotations = { 'a b' = 'c' } }\n", `D:5:64: error: annotation "a b" must be letters, digits, '-', '_' and '.', with or without DOMAIN/ in front; for example "example.com/team"`},
		{"misplaced-key", target + "service-account = { name = 'a', annotations = { b = 'c' } }\n", `D:5:33: error: targets.prod.service-account.annotations is only for an account that is made; remove it, or write: create = true`},
		{"invalid-name", target + "node-selector = { 'a b' = 'c' }\n", `D:5:19: error: node label "a b" must be letters, digits, '-', '_' and '.', with or without DOMAIN/ in front; for example "example.com/team"`},
		{"invalid-name", target + "node-selector = { a = 'b c' }\n", `D:5:23: error: targets.prod.node-selector.a "b c" must be the value of a label: at most 63 letters, digits, '-', '_' and '.'`},
		{"unknown-value", target + "[[targets.prod.tolerations]]\nkey = 'a'\n[[targets.prod.tolerations]]\neffect = 'noschedule'\n", `D:8:10: error: unknown targets.prod.tolerations[1].effect "noschedule"; did you mean "NoSchedule"?`},
		{"missing-key", target + "tolerations = [{ value = 'a' }]\n", `D:5:18: error: targets.prod.tolerations[0].value needs a key: without one, a toleration is for all taints`},
		{"invalid-name", target + "tolerations = [{ key = 'a b' }]\n", `D:5:24: error: targets.prod.tolerations[0].key "a b" must be the key of a taint; for example "nvidia.com/gpu"`},
		{"invalid-name", target + "tolerations = [{ key = 'a', value = 'b c' }]\n", `D:5:37: error: targets.prod.tolerations[0].value "b c" must be the value of a label: at most 63 letters, digits, '-', '_' and '.'`},
		{"invalid-name", target + "topology-spread = ['zone', 'a/b/c']\n", `D:5:28: error: targets.prod.topology-spread[1] "a/b/c" must be the key of a node label; for example "topology.kubernetes.io/zone"`},
		{"missing-key", target + "model-volume = true\n", `D:5:1: error: targets.prod.model-volume needs a repository that the cluster pulls the model from; name it here, image = "registry.example.com/team/iris", or write [image] tags`},
		{"misplaced-key", target + "image = 'a.example.com/b'\nmodel-volume = true\n[environment]\ncode = ['src']\n", `D:6:1: error: targets.prod.model-volume leaves out the code of [environment]: it is neither part of the environment's image nor of the model; remove it, or save the code with the model (code_paths of MLflow's save_model)`},

		// Traffic.
		{"missing-key", target + "[targets.prod.ingress]\n", `D:5:15: error: targets.prod.ingress.host is missing: it is the name that the endpoint is reached by; for example: host = "prod.example.com"`},
		{"invalid-name", target + "ingress.host = 'https://example.com/iris'\n", `D:5:16: error: targets.prod.ingress.host "https://example.com/iris" must be a host name in lower case, with no port; leave out the scheme and the path: "example.com"`},
		{"invalid-name", target + "ingress.host = '192.0.2.1'\n", `D:5:16: error: targets.prod.ingress.host "192.0.2.1" must be a host name in lower case, with no port; for example "prod.example.com" or "*.example.com"`},
		{"invalid-path", target + "ingress = { host = 'example.com', path = 'iris' }\n", `D:5:42: error: targets.prod.ingress.path "iris" must be the path of a URL, with "/" in front and no empty parts, "." or ".."`},
		{"invalid-path", target + "ingress = { host = 'example.com', path = '/a/../b' }\n", `D:5:42: error: targets.prod.ingress.path "/a/../b" must be the path of a URL, with "/" in front and no empty parts, "." or ".."`},
		{"invalid-name", target + "ingress = { host = 'example.com', class = 'A' }\n", `D:5:43: error: targets.prod.ingress.class "A" must be the name of an object: lower-case letters, digits, '-' and '.'`},
		{"invalid-name", target + "ingress = { host = 'example.com', tls-secret = '' }\n", `D:5:48: error: targets.prod.ingress.tls-secret "" must be the name of an object: lower-case letters, digits, '-' and '.'`},
		{"missing-key", target + "http-route = { hosts = ['example.com'] }\n", `D:5:1: error: targets.prod.http-route.gateway is missing: it is the gateway that leads to the endpoint; for example: gateway = "gateways/public"`},
		{"invalid-name", target + "http-route.gateway = 'a/b/c'\n", `D:5:22: error: targets.prod.http-route.gateway "a/b/c" must be a gateway, NAME or NAMESPACE/NAME`},
		{"invalid-name", target + "http-route = { gateway = 'a', hosts = ['example.com', 'Example.com'] }\n", `D:5:55: error: targets.prod.http-route.hosts[1] "Example.com" must be a host name in lower case, with no port; for example "prod.example.com" or "*.example.com"`},
		{"duplicate", target + "http-route = { gateway = 'a', hosts = ['example.com', 'example.com'] }\n", `D:5:55: error: targets.prod.http-route.hosts has "example.com" twice; remove one`},
		{"invalid-path", target + "http-route = { gateway = 'a', path = '/a//b' }\n", `D:5:38: error: targets.prod.http-route.path "/a//b" must be the path of a URL, with "/" in front and no empty parts, "." or ".."`},
		{"invalid-name", target + "allow-from = ['Web']\n", `D:5:15: error: targets.prod.allow-from[0] "Web" must be a namespace, or "*" for all`},
		{"conflict", target + "allow-from = ['web', '*']\n", `D:5:22: error: targets.prod.allow-from[1] "*" is all namespaces; leave out the others, or it`},

		// Patches.
		{"missing-key", target + "[[targets.prod.patches]]\npatch = '{}'\n", `D:5:1: error: targets.prod.patches[0].kind is missing: it says which objects are changed; for example: kind = "Deployment"`},
		{"missing-key", target + "patches = [{ kind = 'Service' }]\n", `D:5:12: error: targets.prod.patches[0].patch is missing: it is what is changed, in YAML or JSON; for example: patch = '{ "metadata": { "labels": { "team": "flowers" } } }'`},
		{"invalid-name", target + "patches = [{ kind = 'deployment', patch = '{}' }]\n", `D:5:21: error: targets.prod.patches[0].kind "deployment" must be the kind of an object of Kubernetes; for example "Deployment"`},
		{"invalid-name", target + "patches = [{ kind = 'Service', name = 'A', patch = '{}' }]\n", `D:5:39: error: targets.prod.patches[0].name "A" must be the name of an object: lower-case letters, digits, '-' and '.'`},
		{"invalid-patch", patch + "''\n", `D:7:9: error: targets.prod.patches[0].patch is empty`},
		{"invalid-patch", patch + "'# nothing'\n", `D:7:9: error: targets.prod.patches[0].patch is empty`},
		{"invalid-patch", patch + "'text'\n", `D:7:9: error: targets.prod.patches[0].patch must be an object (a merge patch) or a list (a JSON patch)`},
		{"invalid-patch", patch + "'{ \"a\": '\n", `D:7:9: error: targets.prod.patches[0].patch is not one document of YAML or JSON: did not find expected node content`},
		{"invalid-patch", patch + "'''\nspec:\n  a: 1\n\tb: 2\n'''\n", `D:10:2: error: targets.prod.patches[0].patch is not one document of YAML or JSON: found a tab character that violates indentation`},
		{"invalid-patch", patch + "'''spec:\n  a: 1\n  a: 2'''\n", `D:9:3: error: targets.prod.patches[0].patch is not one document of YAML or JSON: mapping key "a" already defined`},
		{"invalid-patch", patch + "\"\"\"\nspec:\n  a: [\n\"\"\"\n", `D:9:3: error: targets.prod.patches[0].patch is not one document of YAML or JSON: did not find expected node content`},
		{"invalid-patch", patch + "\"\"\"\\\nspec:\n  a: 1\n  a: 2\n\"\"\"\n", `D:7:9: error: targets.prod.patches[0].patch is not one document of YAML or JSON: mapping key "a" already defined`},
		{"invalid-patch", patch + "'''\na: 1\n---\nb: 2\n'''\n", `D:9:1: error: targets.prod.patches[0].patch is not one document of YAML or JSON: it has more than one document`},
		{"invalid-patch", patch + "'''\n- op: add\n  path: /a\n  value: 1\n- op: delete\n  path: /a\n'''\n", `D:11:1: error: targets.prod.patches[0].patch is a list, a JSON patch, but "delete" is no operation: op must be "add", "remove", "replace", "move", "copy" or "test"`},
		{"invalid-patch", patch + "'[{ \"op\": \"remove\", \"path\": \"a\" }]'\n", `D:7:9: error: targets.prod.patches[0].patch is a list, a JSON patch, but an operation has no path that starts with "/"`},
		{"invalid-patch", patch + "'[1]'\n", `D:7:9: error: targets.prod.patches[0].patch is a list, a JSON patch, but an item of it is no object with op and path`},
		{"invalid-patch", patch + "'''\na:\n  - b\n  c: 1\n'''\n", `D:10:3: error: targets.prod.patches[0].patch is not one document of YAML or JSON: did not find expected '-' indicator`},
		{"invalid-patch", patch + "'''\na: [1,\n  2\nb: 3\n'''\n", `D:8:1: error: targets.prod.patches[0].patch is not one document of YAML or JSON: did not find expected ',' or ']'`},
		{"invalid-patch", patch + "'''{\n  \"a\": 1\n  \"b\": 2\n}'''\n", `D:9:3: error: targets.prod.patches[0].patch is not one document of YAML or JSON: did not find expected ',' or '}'`},
		{"invalid-patch", patch + "'''\n{\n  \"a\": {\n    \"b\" 2\n  }\n}\n'''\n", `D:10:5: error: targets.prod.patches[0].patch is not one document of YAML or JSON: did not find expected ',' or '}'`},
		{"invalid-patch", patch + "'''\r\na: 1\r\na: 2\r\n'''\r\n", `D:9:1: error: targets.prod.patches[0].patch is not one document of YAML or JSON: mapping key "a" already defined`},
	})
}
