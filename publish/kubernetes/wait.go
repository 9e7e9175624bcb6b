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
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
)

// pollInterval is the time between two looks at what takes long.
const pollInterval = 500 * time.Millisecond

// pace is the time between looks at what may be ready soon: 0.1 s at first, a
// second at last.
func pace() *wait.Backoff {
	return &wait.Backoff{Duration: 100 * time.Millisecond, Factor: 1.3, Steps: 100, Cap: time.Second}
}

// readiness is how an object stands.
type readiness struct {
	ready bool
	// message says what is under way or missing, if it is not ready.
	message string
	// trouble is what does not go away by itself, nil if there is nothing.
	trouble *trouble
	// pods are those of its newest version, set the ReplicaSet that they are
	// of, "" if there is none.
	pods []corev1.Pod
	set  string
}

// trouble is what keeps something from becoming ready.
type trouble struct {
	reason string
	// grace is for how long it may still go away.
	grace time.Duration
	// pod and container are where it is, "" if it is not in one.
	pod, container string
}

// stuckError is something that does not become ready.
type stuckError struct {
	object object
	reason string
	pods   []corev1.Pod
	set    string
	// pod and container are where the trouble is, "" if unknown.
	pod, container string
}

// Error implements error.
func (e *stuckError) Error() string { return e.object.String() + ": " + e.reason }

// watch looks at objects again and again.
type watch struct {
	*Publisher
	before snapshot
	// older are the pods from before, which say nothing of the new version.
	older map[types.UID]bool
	// since is when a trouble was seen first.
	since map[string]time.Time
	// missing is when an object was found missing first.
	missing map[key]time.Time
	// following is when a Service or a route was looked at first; unseen says
	// that we may not see a Service's endpoints.
	following map[key]time.Time
	unseen    bool
}

func newWatch(p *Publisher) *watch {
	return &watch{Publisher: p, since: map[string]time.Time{}, missing: map[key]time.Time{}, following: map[key]time.Time{}}
}

func (d *deployment) watch() *watch {
	w := newWatch(d.Publisher)
	w.before, w.older = d.before, d.olderPods
	return w
}

// waitFor returns when all objects are ready, or with a *stuckError when one
// cannot become so or the time is over.
func (d *deployment) waitFor(ctx context.Context, objects []object) error {
	w := d.watch()
	for _, o := range objects {
		var last readiness
		between := pace()
		for {
			r, err := w.look(ctx, o)
			if ctx.Err() != nil {
				return last.stuck(o, fmt.Sprintf("it is not ready after %s: %s", d.o.Timeout, last.message))
			}
			if err != nil {
				return err
			}
			if r.ready {
				break
			}
			if r.trouble != nil && w.lasts(r.trouble) {
				return r.stuck(o, r.trouble.reason)
			}
			if r.message != last.message {
				d.progress("%s: %s", o, r.message)
			}
			last = r
			_ = sleep(ctx, between.Step()) // the end of ctx is seen above
		}
	}
	return nil
}

func (r readiness) stuck(o object, reason string) *stuckError {
	e := &stuckError{object: o, reason: reason, pods: r.pods, set: r.set}
	if r.trouble != nil {
		e.pod, e.container = r.trouble.pod, r.trouble.container
	}
	return e
}

// lasts says that a trouble has been there for longer than its grace.
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

// look says how an object stands now.
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

// absent is the state of an object that is not there: somebody has deleted it,
// or an API server that has just started does not know its kind yet.
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

// deployment looks at a Deployment by its ReplicaSets and pods.
func (w *watch) deployment(ctx context.Context, live *unstructured.Unstructured) (readiness, error) {
	d, err := typed(live)
	if err != nil {
		return readiness{}, err
	}
	selector := metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(d.Spec.Selector)}
	sets, err := retry(ctx, w.Publisher, func() (*appsv1.ReplicaSetList, error) {
		return w.client.AppsV1().ReplicaSets(d.Namespace).List(ctx, selector)
	})
	if err != nil {
		return readiness{}, w.explain(err, "listing the ReplicaSets of "+title(live))
	}
	pods, err := w.pods(ctx, selector)
	if err != nil {
		return readiness{}, err
	}
	r := rollout(d, newestSet(d, sets.Items), pods, w.progressBefore(live))
	return r, nil
}

// inferenceService looks at an InferenceService and the pods that KServe has
// made for it.
func (w *watch) inferenceService(ctx context.Context, live *unstructured.Unstructured) (readiness, error) {
	result, err := status.Compute(live)
	if err != nil {
		return readiness{}, fmt.Errorf("%s: %w", title(live), err)
	}
	r := fromStatus(result)
	if r.ready && !hasCondition(live, "Ready") {
		// kstatus takes what has no conditions for ready; here KServe has not
		// looked at it yet.
		r = readiness{message: "KServe has not seen it yet"}
	}
	if r.ready {
		return r, nil
	}
	pods, err := w.pods(ctx, madeByKServe(live.GetName()))
	if err != nil {
		return readiness{}, err
	}
	r.pods = slices.DeleteFunc(pods, func(pod corev1.Pod) bool { return w.older[pod.UID] })
	if t := podsTrouble(r.pods); t != nil {
		r.trouble, r.message = t, t.reason
	}
	return r, nil
}

func madeByKServe(service string) metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: "serving.kserve.io/inferenceservice=" + service}
}

// podsOf are the pods that KServe has made for objects.
func (p *Publisher) podsOf(ctx context.Context, objects []object) (map[types.UID]bool, error) {
	out := map[types.UID]bool{}
	for _, o := range objects {
		if o.GetKind() != "InferenceService" {
			continue
		}
		pods, err := p.pods(ctx, madeByKServe(o.GetName()))
		if err != nil {
			return nil, err
		}
		for _, pod := range pods {
			out[pod.UID] = true
		}
	}
	return out, nil
}

func (p *Publisher) pods(ctx context.Context, o metav1.ListOptions) ([]corev1.Pod, error) {
	list, err := retry(ctx, p, func() (*corev1.PodList, error) {
		return p.client.CoreV1().Pods(p.namespace).List(ctx, o)
	})
	if err != nil {
		return nil, p.explain(err, "listing the pods of "+p.endpoint)
	}
	slices.SortFunc(list.Items, func(a, b corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return list.Items, nil
}

// progressBefore is the Progressing condition that the Deployment had when
// this deployment began, nil if it had none.
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

func hasCondition(u *unstructured.Unstructured, name string) bool {
	list, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	return slices.ContainsFunc(list, func(v any) bool {
		c, ok := v.(map[string]any)
		return ok && c["type"] == name
	})
}
