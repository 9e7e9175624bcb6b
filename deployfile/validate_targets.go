package deployfile

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"
)

// targetKind says which keys a kind of target has, besides those of all.
type targetKind struct {
	name string
	// namespace is the pattern that its namespace must have, or "" if it has
	// none.
	namespace string
	replicas  bool
}

func targetKinds() []targetKind {
	return []targetKind{
		{name: "docker"},
		{name: "containerd", namespace: containerdNamePattern},
		{name: "registry"},
		{name: "kubernetes", namespace: dnsLabelPattern, replicas: true},
		{name: "kserve", namespace: dnsLabelPattern, replicas: true},
		{name: "sagemaker", replicas: true},
		{name: "azureml", replicas: true},
	}
}

func kindOf(name string) (targetKind, bool) {
	for _, kind := range targetKinds() {
		if kind.name == name {
			return kind, true
		}
	}
	return targetKind{}, false
}

// kindNames lists the kinds for which the condition holds.
func kindNames(condition func(targetKind) bool) []string {
	var names []string
	for _, kind := range targetKinds() {
		if condition(kind) {
			names = append(names, kind.name)
		}
	}
	return names
}

func anyKind(targetKind) bool        { return true }
func hasNamespace(k targetKind) bool { return k.namespace != "" }
func hasReplicas(k targetKind) bool  { return k.replicas }

func (r *report) validateTarget(name string, target Target) {
	path := []string{"targets", name}
	if r.said(path...) {
		return
	}
	if !matches(dnsLabelPattern, name) {
		r.atKey(problem{
			"invalid-name",
			fmt.Sprintf("target name %q must be lower-case letters, digits and '-', at most 63, not starting or ending with '-'", name), "",
		}, path...)
	}
	r.targetImage(target.Image, join(path, "image")...)
	r.env(target.Env, join(path, "env")...)
	r.port(target.Port, join(path, "port")...)
	r.atLeastOne(target.Replicas, join(path, "replicas")...)

	at := join(path, "kind")
	if !r.index.has(at) {
		r.atKey(problem{
			"missing-key", fmt.Sprintf("target %q has no kind", name), "use " + alternatives(kindNames(anyKind)),
		}, at...)
		return
	}
	r.oneOf(target.Kind, kindNames(anyKind), at...)
	kind, known := kindOf(target.Kind)
	if !known {
		return
	}
	r.keyOfKind(kind, hasReplicas, join(path, "replicas"))
	r.keyOfKind(kind, hasNamespace, join(path, "namespace"))
	if at := join(path, "namespace"); r.written(at...) && !matches(kind.namespace, target.Namespace) {
		r.atValue(problem{"invalid-name", fmt.Sprintf("%q is not a %s namespace", target.Namespace, kind.name), ""}, at...)
	}
}

// keyOfKind refuses a key that the kind of the target does not have.
func (r *report) keyOfKind(kind targetKind, condition func(targetKind) bool, path []string) {
	if r.written(path...) && !condition(kind) {
		r.atKey(problem{
			"misplaced-key", fmt.Sprintf("a target of kind %q has no %s", kind.name, path[len(path)-1]),
			"remove it: it is only for " + strings.Join(kindNames(condition), ", "),
		}, path...)
	}
}

func (r *report) targetImage(value string, path ...string) {
	if !r.written(path...) {
		return
	}
	named, p := checkImage(describe(path), value)
	if p.message == "" && !reference.IsNameOnly(named) {
		p = problem{
			"invalid-image", fmt.Sprintf("%s: %q must be a repository, with no tag and no digest", describe(path), value),
			fmt.Sprintf("write %q", reference.FamiliarName(named)),
		}
	}
	r.problem(p, path)
}
