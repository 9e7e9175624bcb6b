package cluster

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/deployfile/deployfile/manifests"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/yaml"
)

// patch applies the patches of the releases: a slot's own objects are patched as its
// release says, so that a release beside the live one restarts nothing of it.
func (c *Objects) patch() error {
	for _, slot := range c.State.Slots() {
		for i, p := range PodOf(slot.Release).Patches {
			fail := func(err error) error {
				return fmt.Errorf("patch %d, of %s: %w", i+1, describePatch(p), err)
			}
			// The objects that the live release's patches were for may be gone from the
			// Deployfile.
			if slot.Track == c.Newest.Track && !c.has(p) {
				return fail(fmt.Errorf("there is no such object, only %s", c.names()))
			}
			for j, o := range c.objects {
				if o.track != slot.Track || !concerns(p, o) {
					continue
				}
				patched, err := o.patched(p.Patch)
				if err != nil {
					return fail(err)
				}
				c.objects[j] = patched
			}
		}
	}
	return nil
}

func describePatch(p Patch) string {
	if p.Name == "" {
		return fmt.Sprintf("all of kind %q", p.Kind)
	}
	return object{kind: p.Kind, name: p.Name}.String()
}

func concerns(p Patch, o object) bool {
	return p.Kind == o.kind && (p.Name == "" || p.Name == o.name)
}

// has reports whether the patch has an object: a present one, or one of a kind that
// only some states of the endpoint have, such as a canary's Deployment.
func (c *Objects) has(p Patch) bool {
	names := []string{p.Name}
	for _, suffix := range []string{"", manifests.TrackCanary, manifests.TrackBlue, manifests.TrackGreen, ServiceStable, ServicePreview} {
		if p.Name == c.Suffixed(suffix) && slices.Contains([]string{"Deployment", "HorizontalPodAutoscaler", "Service"}, p.Kind) {
			names = []string{""}
		}
	}
	return slices.ContainsFunc(c.objects, func(o object) bool {
		return slices.ContainsFunc(names, func(name string) bool { return concerns(Patch{Kind: p.Kind, Name: name}, o) })
	})
}

// patched returns the object after a patch: a list is an RFC 6902 JSON patch; else
// it is a strategic merge patch, or for kinds that Kubernetes does not know by
// itself an RFC 7386 merge patch.
func (o object) patched(patch string) (object, error) {
	fail := func(err error) (object, error) { return object{}, fmt.Errorf("%s: %w", o, err) }
	body, err := yaml.YAMLToJSONStrict([]byte(patch))
	if err != nil {
		return fail(err)
	}
	known := newKnown(o.kind)
	var content []byte
	switch {
	case bytes.HasPrefix(body, []byte("[")):
		content, err = applyJSONPatch(o.content, body)
	case !bytes.HasPrefix(body, []byte("{")):
		err = errors.New("it is neither an object nor a list")
	case known != nil:
		content, err = applyStrategicPatch(o.content, body, known)
	default:
		content, err = applyMergePatch(o.content, body)
	}
	if err != nil {
		return fail(err)
	}
	out, err := parseObject(content)
	if err != nil {
		return fail(err)
	}
	if out.id() != o.id() {
		return fail(errors.New("it changes the object's apiVersion, kind, name or namespace, by which it is found again"))
	}
	for _, label := range []string{LabelInstance, LabelManagedBy} {
		if out.label(label) != o.label(label) {
			return fail(fmt.Errorf("it changes the label %s, by which it is known to be the endpoint's", label))
		}
	}
	if known != nil {
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(out.content, newKnown(o.kind), true); err != nil {
			return fail(err)
		}
	}
	out.track = o.track
	return out, nil
}

// newKnown returns a zero value of the Kubernetes type of a kind, nil for an unknown
// kind.
func newKnown(kind string) any {
	switch kind {
	case "ServiceAccount":
		return &corev1.ServiceAccount{}
	case "NetworkPolicy":
		return &networkingv1.NetworkPolicy{}
	case "Deployment":
		return &appsv1.Deployment{}
	case "Service":
		return &corev1.Service{}
	case "HorizontalPodAutoscaler":
		return &autoscalingv2.HorizontalPodAutoscaler{}
	case "PodDisruptionBudget":
		return &policyv1.PodDisruptionBudget{}
	case "Ingress":
		return &networkingv1.Ingress{}
	}
	return nil
}

func applyStrategicPatch(content map[string]any, patch []byte, known any) (patched []byte, err error) {
	original, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	// The library compares what elements of lists are called, and panics if that is a list
	// or an object.
	defer func() {
		if recover() != nil {
			err = errors.New("the elements of its lists are not called by text or a number")
		}
	}()
	return strategicpatch.StrategicMergePatch(original, patch, known)
}

func applyMergePatch(content map[string]any, patch []byte) ([]byte, error) {
	original, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	return jsonpatch.MergePatch(original, patch)
}

func applyJSONPatch(content map[string]any, patch []byte) ([]byte, error) {
	original, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	operations, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		return nil, err
	}
	return applyOperations(original, operations)
}

// The largest object that a JSON patch with copies may make, in bytes, which is what
// etcd takes, and how many copies it may have.
const (
	maxObject = 3 << 19
	maxCopies = 100
)

// applyOperations applies a JSON patch. A few copies of an object into itself could
// fill the memory, so the size is checked after each.
func applyOperations(content []byte, operations jsonpatch.Patch) ([]byte, error) {
	copies := 0
	for len(operations) > 0 {
		n := 1 + slices.IndexFunc(operations, func(o jsonpatch.Operation) bool { return o.Kind() == "copy" })
		if n == 0 {
			return operations.Apply(content)
		}
		if copies++; copies > maxCopies {
			return nil, fmt.Errorf("it has more than %d copy operations", maxCopies)
		}
		var err error
		if content, err = operations[:n].Apply(content); err != nil {
			return nil, err
		}
		if len(content) > maxObject {
			return nil, fmt.Errorf("its copy operations make an object of more than %d bytes, which no cluster takes", maxObject)
		}
		operations = operations[n:]
	}
	return content, nil
}
