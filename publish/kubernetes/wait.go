package kubernetes

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilwait "k8s.io/apimachinery/pkg/util/wait"
)

// pollInterval is the time between two polls of what takes long.
const pollInterval = 500 * time.Millisecond

// pace is the time between polls of what may be ready soon: 0.1 s at first, up to a
// second.
func pace() *utilwait.Backoff {
	return &utilwait.Backoff{Duration: 100 * time.Millisecond, Factor: 1.3, Steps: 100, Cap: time.Second}
}

// readiness is the state of an object.
type readiness struct {
	ready bool
	// message is what is under way or missing, if it is not ready.
	message string
	// trouble is a failure that persists, nil without one.
	trouble *trouble
	// pods are the pods of its newest version, set their ReplicaSet, "" without one.
	pods []corev1.Pod
	set  string
}

// trouble is why something cannot become ready.
type trouble struct {
	reason string
	// grace is how long it may still disappear.
	grace time.Duration
	// pod and container are its location, "" if it is not in one.
	pod, container string
}

// watch polls objects.
type watch struct {
	*connection
	before snapshot
	// older is what KServe had made before, which says nothing of the new
	// version.
	older madeByKServe
	// since is when a trouble was first seen.
	since map[string]time.Time
	// missing is when an object was found missing first.
	missing map[key]time.Time
	// following is when a Service or a route was first polled; unseen reports missing
	// permission to read a Service's endpoints.
	following map[key]time.Time
	unseen    bool
}

func newWatch(c *connection) *watch {
	return &watch{connection: c, since: map[string]time.Time{}, missing: map[key]time.Time{}, following: map[key]time.Time{}}
}

// lasts reports whether a trouble has lasted longer than its grace.
func (w *watch) lasts(t *trouble) bool {
	id := t.pod + "\x00" + t.container + "\x00" + firstWord(t.reason)
	first, ok := w.since[id]
	if !ok {
		first = time.Now()
		w.since[id] = first
	}
	return time.Since(first) >= t.grace
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, ":")
	return word
}

// look returns the readiness of an object.
func (w *watch) look(ctx context.Context, o object) (readiness, error) {
	live, err := w.get(ctx, o)
	if err != nil {
		return readiness{}, err
	}
	if live == nil {
		return w.absent(o)
	}
	delete(w.missing, o.key())
	switch o.GetKind() {
	case "Deployment":
		return w.deployment(ctx, live)
	case "InferenceService":
		return w.inferenceService(ctx, live)
	case "HTTPRoute":
		return w.route(o, live), nil
	case "Service":
		return w.service(ctx, o, live)
	}
	result, err := status.Compute(live)
	if err != nil {
		return readiness{}, fmt.Errorf("%s: %w", o, err)
	}
	return fromStatus(result), nil
}

// absent returns the readiness of a missing object: it was deleted, or an API server
// that has just started does not know its kind yet.
func (w *watch) absent(o object) (readiness, error) {
	const grace = 5 * time.Second
	first, ok := w.missing[o.key()]
	if !ok {
		first = time.Now()
		w.missing[o.key()] = first
	}
	if time.Since(first) < grace {
		return readiness{message: "it is not there"}, nil
	}
	return readiness{trouble: &trouble{reason: "somebody has deleted it"}}, nil
}

func fromStatus(r *status.Result) readiness {
	switch r.Status {
	case status.CurrentStatus:
		return readiness{ready: true}
	case status.FailedStatus:
		return readiness{message: r.Message, trouble: &trouble{reason: r.Message, grace: transientGrace}}
	}
	return readiness{message: r.Message}
}

// deployment checks a Deployment by its ReplicaSets and pods.
func (w *watch) deployment(ctx context.Context, live *unstructured.Unstructured) (readiness, error) {
	d, err := typed(live)
	if err != nil {
		return readiness{}, err
	}
	return w.rolledOut(ctx, d, w.progressBefore(live))
}

// rolledOut checks a Deployment whose Progressing condition was that before.
func (w *watch) rolledOut(ctx context.Context, d *appsv1.Deployment, before *appsv1.DeploymentCondition) (readiness, error) {
	selector := metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(d.Spec.Selector)}
	sets, err := retry(ctx, w.connection, func() (*appsv1.ReplicaSetList, error) {
		return w.client.AppsV1().ReplicaSets(d.Namespace).List(ctx, selector)
	})
	if err != nil {
		return readiness{}, w.explain(err, "listing the ReplicaSets of Deployment "+d.Name)
	}
	pods, err := w.pods(ctx, selector)
	if err != nil {
		return readiness{}, err
	}
	return rolledOut(d, newestSet(d, sets.Items), pods, before), nil
}

func (c *connection) pods(ctx context.Context, o metav1.ListOptions) ([]corev1.Pod, error) {
	list, err := retry(ctx, c, func() (*corev1.PodList, error) {
		return c.client.CoreV1().Pods(c.namespace).List(ctx, o)
	})
	if err != nil {
		return nil, c.explain(err, "listing the pods of "+c.endpoint)
	}
	slices.SortFunc(list.Items, func(a, b corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return list.Items, nil
}

// progressBefore returns the Deployment's Progressing condition from before the
// rollout, nil without one.
func (w *watch) progressBefore(live *unstructured.Unstructured) *appsv1.DeploymentCondition {
	was := w.before[key{"apps", "Deployment", live.GetNamespace(), live.GetName()}]
	if was == nil {
		return nil
	}
	d, err := typed(was)
	if err != nil {
		return nil
	}
	return condition(d, appsv1.DeploymentProgressing)
}

func typed(live *unstructured.Unstructured) (*appsv1.Deployment, error) {
	d := &appsv1.Deployment{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, d); err != nil {
		return nil, fmt.Errorf("%s: %w", title(live), err)
	}
	return d, nil
}
