package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
)

// kserveGrace is how long KServe may take to notice a change. A change without effect,
// such as an explicit default, shows nowhere.
const kserveGrace = 15 * time.Second

// staleGrace is how long a failure that KServe reported before may be a stale one.
const staleGrace = time.Minute

// madeByKServe has the objects that KServe created for InferenceServices.
type madeByKServe struct {
	pods        map[types.UID]bool
	deployments map[types.UID]appsv1.Deployment
}

// inferenceService checks an InferenceService and the objects that KServe created for
// it. Its conditions are not enough: they may still be those of the previous version,
// and its observedGeneration is that of the Deployment or Knative Service below it,
// which counts other changes.
func (w *watch) inferenceService(ctx context.Context, live *unstructured.Unstructured) (readiness, error) {
	r, err := fromConditions(live)
	if err != nil {
		return r, err
	}
	was := w.before[object{Unstructured: live}.key()]
	if r.trouble != nil && was != nil && equality.Semantic.DeepEqual(conditionNamed(was, "Ready"), conditionNamed(live, "Ready")) {
		r.trouble.grace = staleGrace
	}
	if isRaw(live) && r.trouble == nil {
		return w.raw(ctx, live, r)
	}
	if r.ready && was != nil && revision(was) != "" && revision(was) == revision(live) && w.awaits(was, live) {
		return readiness{message: "KServe still reports the previous revision"}, nil
	}
	if r.ready {
		return r, nil
	}
	pods, err := w.pods(ctx, ofService(live.GetName()))
	if err != nil {
		return readiness{}, err
	}
	r.pods = slices.DeleteFunc(pods, func(pod corev1.Pod) bool { return w.older.pods[pod.UID] })
	if t := podsTrouble(r.pods); t != nil {
		r.trouble, r.message = t, t.reason
	}
	return r, nil
}

// raw checks the Deployment of an InferenceService in raw mode, which is ready for
// KServe as soon as its Deployment has changed, because the old pods are ready.
func (w *watch) raw(ctx context.Context, live *unstructured.Unstructured, r readiness) (readiness, error) {
	deployments, err := w.deploymentsOf(ctx, live.GetName())
	if err != nil {
		return readiness{}, err
	}
	deployments = slices.DeleteFunc(deployments, func(d appsv1.Deployment) bool { return !metav1.IsControlledBy(&d, live) })
	if len(deployments) == 0 {
		return readiness{message: "KServe has not created its Deployment yet"}, nil
	}
	wanted, err := servedBy(live)
	if err != nil {
		return readiness{}, err
	}
	scale := []string{"canaryTrafficPercent", "minReplicas", "maxReplicas", "scaleMetric", "scaleTarget"}
	was := w.before[object{Unstructured: live}.key()]
	changed := was != nil && !equality.Semantic.DeepEqual(predictor(was, scale...), predictor(live, scale...))
	for i := range deployments {
		d := &deployments[i]
		switch serving, err := served(d.Spec.Template.Spec); {
		case err != nil:
			return readiness{}, fmt.Errorf("the Deployment %s/%s of KServe: %w", d.Namespace, d.Name, err)
		case serving != wanted:
			return readiness{message: "KServe has not updated its Deployment yet"}, nil
		}
		var progressing *appsv1.DeploymentCondition
		if before, ok := w.older.deployments[d.UID]; ok {
			if changed && equality.Semantic.DeepEqual(before.Spec.Template, d.Spec.Template) && w.recent(live) {
				return readiness{message: "KServe has not updated its Deployment yet"}, nil
			}
			progressing = condition(&before, appsv1.DeploymentProgressing)
		}
		if made, err := w.rolledOut(ctx, d, progressing); err != nil || !made.ready {
			return made, err
		}
	}
	return r, nil
}

// awaits reports whether a change of an InferenceService has to show in another
// revision, or may still do so.
func (w *watch) awaits(was, live *unstructured.Unstructured) bool {
	before, err := servedBy(was)
	after, err2 := servedBy(live)
	if err == nil && err2 == nil && before != after {
		return true
	}
	return !equality.Semantic.DeepEqual(predictor(was, "canaryTrafficPercent"), predictor(live, "canaryTrafficPercent")) && w.recent(live)
}

// release identifies a version of an endpoint: its image, and its model's.
type release struct{ image, model string }

// served returns the release of pods.
func served(pod corev1.PodSpec) (release, error) {
	for _, c := range pod.Containers {
		if c.Name != "kserve-container" {
			continue
		}
		out := release{image: c.Image}
		for _, e := range c.Env {
			if e.Name == "STORAGE_URI" {
				out.model = e.Value
			}
		}
		return out, nil
	}
	return release{}, errors.New("no container is named kserve-container")
}

// servedBy returns the release that an InferenceService asks for.
func servedBy(service *unstructured.Unstructured) (release, error) {
	var pod corev1.PodSpec
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(predictor(service), &pod); err != nil {
		return release{}, fmt.Errorf("%s: %w", title(service), err)
	}
	out, err := served(pod)
	if err != nil {
		return release{}, fmt.Errorf("%s: %w", title(service), err)
	}
	return out, nil
}

// recent reports whether the wait for an object began a short while ago.
func (w *watch) recent(live *unstructured.Unstructured) bool {
	k := object{Unstructured: live}.key()
	if _, ok := w.following[k]; !ok {
		w.following[k] = time.Now()
	}
	return time.Since(w.following[k]) < kserveGrace
}

// fromConditions returns the readiness of an InferenceService by its own conditions.
func fromConditions(live *unstructured.Unstructured) (readiness, error) {
	seen := live.DeepCopy()
	unstructured.RemoveNestedField(seen.Object, "status", "observedGeneration")
	result, err := status.Compute(seen)
	if err != nil {
		return readiness{}, fmt.Errorf("%s: %w", title(live), err)
	}
	condition := conditionNamed(live, "Ready")
	if condition == nil {
		// kstatus considers an object without conditions ready.
		return readiness{message: "KServe has not reported a condition Ready yet"}, nil
	}
	r := fromStatus(result)
	if !r.ready {
		r.message = cmp.Or(r.message, "KServe reports that it is not ready yet")
	}
	if !r.ready && condition["reason"] == "ReconcileFailed" {
		// The cluster, or Knative, rejects what KServe creates for it.
		r.trouble = &trouble{reason: r.message, grace: transientGrace}
	}
	return r, nil
}

// isRaw reports whether KServe makes a Deployment of an InferenceService, and no
// Knative Service. Newer versions of KServe rewrite the mode's name.
func isRaw(service *unstructured.Unstructured) bool {
	mode := service.GetAnnotations()["serving.kserve.io/deploymentMode"]
	return mode == "RawDeployment" || mode == "Standard"
}

// predictor returns the predictor of an InferenceService without some keys.
func predictor(service *unstructured.Unstructured, without ...string) map[string]any {
	p, _, _ := unstructured.NestedMap(service.Object, "spec", "predictor")
	for _, key := range without {
		delete(p, key)
	}
	return p
}

// revision returns the newest Revision that Knative created for an InferenceService.
func revision(service *unstructured.Unstructured) string {
	name, _, _ := unstructured.NestedString(service.Object, "status", "components", "predictor", "latestCreatedRevision")
	return name
}

// conditionNamed returns a condition, nil if it is missing.
func conditionNamed(u *unstructured.Unstructured, name string) map[string]any {
	list, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, v := range list {
		if c, ok := v.(map[string]any); ok && c["type"] == name {
			return c
		}
	}
	return nil
}

// ofService selects the objects that KServe created for an InferenceService.
func ofService(name string) metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: "serving.kserve.io/inferenceservice=" + name}
}

// madeFor returns the objects that KServe created for these.
func (c *connection) madeFor(ctx context.Context, objects []object) (madeByKServe, error) {
	out := madeByKServe{pods: map[types.UID]bool{}, deployments: map[types.UID]appsv1.Deployment{}}
	for _, o := range objects {
		if o.GetKind() != "InferenceService" {
			continue
		}
		pods, err := c.pods(ctx, ofService(o.GetName()))
		if err != nil {
			return out, err
		}
		for _, pod := range pods {
			out.pods[pod.UID] = true
		}
		if !isRaw(o.Unstructured) {
			continue
		}
		deployments, err := c.deploymentsOf(ctx, o.GetName())
		if err != nil {
			return out, err
		}
		for _, d := range deployments {
			out.deployments[d.UID] = d
		}
	}
	return out, nil
}

func (c *connection) deploymentsOf(ctx context.Context, service string) ([]appsv1.Deployment, error) {
	list, err := retry(ctx, c, func() (*appsv1.DeploymentList, error) {
		return c.client.AppsV1().Deployments(c.namespace).List(ctx, ofService(service))
	})
	if err != nil {
		return nil, c.explain(err, "listing the Deployments of InferenceService "+service)
	}
	return list.Items, nil
}
