package deployfile

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// pods checks the keys that say what the instances are in a cluster.
func (t *targetReport) pods() {
	t.named(t.Context, func(name string) bool { return name != "" }, "the name of a context of the kubeconfig", "", "context")
	t.eachNamed(t.EnvFrom, t.like(envFromPattern), `"secret/NAME" or "config-map/NAME"`, t.likelyEnvFrom(), "env-from")
	t.eachNamed(t.ImagePullSecrets, t.like(objectNamePattern), "the name of a Secret", "", "image-pull-secrets")
	if t.ServiceAccount != nil && t.has("service-account") {
		t.serviceAccount(*t.ServiceAccount)
	}
	t.nodeSelector()
	for i, toleration := range t.Tolerations {
		t.toleration(toleration, "tolerations", strconv.Itoa(i))
	}
	t.eachNamed(t.TopologySpread, t.like(nodeLabelPattern), "the key of a node label", `for example "topology.kubernetes.io/zone"`, "topology-spread")
}

// object checks the name of an object of Kubernetes.
func (t *targetReport) object(name string, keys ...string) {
	t.named(name, t.like(objectNamePattern), "the name of an object: lower-case letters, digits, '-' and '.'", "", keys...)
}

// likelyEnvFrom is the hint for the first of env-from that is none.
func (t *targetReport) likelyEnvFrom() string {
	for _, value := range t.EnvFrom {
		if t.like(envFromPattern)(value) {
			continue
		}
		kind, name, found := strings.Cut(value, "/")
		if !found {
			name = kind
		}
		kind = strings.ToLower(strings.ReplaceAll(kind, "_", "-"))
		switch {
		case !t.like(objectNamePattern)(name):
		case found && (kind == "configmap" || kind == "configmaps" || kind == "cm"):
			return fmt.Sprintf("did you mean %q?", "config-map/"+name)
		case found && kind != "secrets":
		default:
			return fmt.Sprintf("did you mean %q?", "secret/"+name)
		}
		break
	}
	return ""
}

func (t *targetReport) serviceAccount(a ServiceAccount) {
	t.required("it says which account", fmt.Sprintf("name = %q", t.Name), "service-account", "name")
	t.object(a.Name, "service-account", "name")
	for _, key := range slices.Sorted(maps.Keys(a.Annotations)) {
		t.labelKey(key, "annotation", "service-account", "annotations", key)
	}
	if t.has("service-account", "annotations") && !a.Create && !t.said(t.at("service-account", "create")...) {
		path := t.at("service-account", "annotations")
		t.atKey(problem{
			"misplaced-key", describe(path) + " is only for an account that is made", "remove it, or write: create = true",
		}, path...)
	}
}

func (t *targetReport) labelKey(key, what string, keys ...string) {
	if t.has(keys...) && !t.like(nodeLabelPattern)(key) {
		t.atKey(problem{
			"invalid-name", fmt.Sprintf("%s %q must be letters, digits, '-', '_' and '.', with or without DOMAIN/ in front", what, key),
			`for example "example.com/team"`,
		}, t.at(keys...)...)
	}
}

func (t *targetReport) nodeSelector() {
	for _, key := range slices.Sorted(maps.Keys(t.NodeSelector)) {
		t.labelKey(key, "node label", "node-selector", key)
		t.labelValue(t.NodeSelector[key], "node-selector", key)
	}
}

func (t *targetReport) labelValue(value string, keys ...string) {
	t.named(value, t.like(labelValuePattern), "the value of a label: at most 63 letters, digits, '-', '_' and '.'", "", keys...)
}

func (t *targetReport) toleration(toleration Toleration, keys ...string) {
	key := append(slices.Clip(keys), "key")
	if toleration.Key != "" {
		t.named(toleration.Key, t.like(nodeLabelPattern), "the key of a taint", `for example "nvidia.com/gpu"`, key...)
	}
	value := append(slices.Clip(keys), "value")
	t.labelValue(toleration.Value, value...)
	if t.has(value...) && toleration.Value != "" && toleration.Key == "" && !t.said(t.at(key...)...) {
		t.atKey(problem{
			"missing-key", fmt.Sprintf("%s needs a key: without one, a toleration is for all taints", describe(t.at(value...))), "",
		}, t.at(value...)...)
	}
	effect := append(slices.Clip(keys), "effect")
	if toleration.Effect != "" {
		t.oneOf(toleration.Effect, effects(), t.at(effect...)...)
	}
}

// modelApart checks that a model that is not in the image has a repository to
// come from, one way to come, and is all that goes with the environment.
func (t *targetReport) modelApart(f *File) {
	key := t.ModelApart()
	if key == "" || !t.has(key) {
		return
	}
	if t.ModelVolume && t.Modelcar && t.has("model-volume") {
		t.atKey(problem{
			"misplaced-key", fmt.Sprintf("%s and model-volume are two ways of the model to the server", describe(t.at(key))), "remove one of them",
		}, t.at(key)...)
		return
	}
	if len(f.Environment.Code) > 0 {
		t.atKey(problem{
			"misplaced-key", fmt.Sprintf("%s leaves out the code of [environment]: it is neither part of the environment's image nor of the model", describe(t.at(key))),
			"remove it, or save the code with the model (code_paths of MLflow's save_model)",
		}, t.at(key)...)
	}
	tags := f.Image.Tags
	if t.Image == "" && len(tags) == 0 && !t.said(t.at("image")...) && !t.said("image", "tags") {
		t.atKey(problem{
			"missing-key", fmt.Sprintf("%s needs a repository that the cluster pulls the model from", describe(t.at(key))),
			`name it here, image = "registry.example.com/team/iris", or write [image] tags`,
		}, t.at(key)...)
	}
}
