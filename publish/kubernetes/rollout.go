package kubernetes

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/wait"
)

// rollout is one rollout of an endpoint. It applies the workloads and waits for them,
// then applies the routing, and finally removes what only the previous revision had. A
// Deployment that keeps its name is updated in place: the cluster replaces its pods one
// by one.
type rollout struct {
	driver
	plan *publish.Plan
	// objects are those of the new revision.
	objects []object
	recorded
	// before are the live objects when the rollout began, older what KServe had created
	// by then.
	before snapshot
	older  madeByKServe

	// awaited are the objects that are not ready yet, last is the state of the first of
	// them.
	awaited []object
	last    readiness
	watch   *watch
}

var (
	_ publish.Rollout = (*rollout)(nil)
	_ publish.Witness = (*rollout)(nil)
)

func (r *rollout) progress(format string, a ...any) {
	r.plan.Options.Progress(fmt.Sprintf(format, a...))
}

// Recover implements publish.Rollout.
func (r *rollout) Recover(ctx context.Context, left publish.Record) error {
	objects, err := r.known(ctx, left)
	if err != nil {
		return err
	}
	if left.Phase != publish.Applying {
		// Requests may still go to what is removed next.
		routing := slices.DeleteFunc(slices.Clone(r.previous), func(o object) bool { return !carriesTraffic(o) })
		if err := r.applyAll(ctx, routing, true); err != nil {
			return err
		}
	}
	return r.prune(ctx, without(objects, slices.Concat(r.previous, r.objects)))
}

// Start implements publish.Rollout.
func (r *rollout) Start(ctx context.Context) error {
	workloads, _ := r.stages()
	r.await(workloads)
	return r.applyAll(ctx, workloads, r.plan.Options.ForceConflicts)
}

// Switch implements publish.Rollout.
func (r *rollout) Switch(ctx context.Context) error {
	_, routing := r.stages()
	r.await(routing)
	return r.applyAll(ctx, routing, r.plan.Options.ForceConflicts)
}

// stages returns the objects that are applied first, and those that follow once the
// first are ready.
func (r *rollout) stages() (workloads, routing []object) {
	for _, o := range r.objects {
		// New routing misleads nobody, and the cluster's proxies need a moment to learn
		// of it.
		fresh := o.GetKind() == "Service" && r.before[o.key()] == nil
		if carriesTraffic(o) && !fresh {
			routing = append(routing, o)
		} else {
			workloads = append(workloads, o)
		}
	}
	return workloads, routing
}

// await makes Ready look at these objects.
func (r *rollout) await(objects []object) {
	r.awaited, r.last = objects, readiness{}
	r.watch = r.newWatch()
}

// newWatch returns a watch with the previous state.
func (r *rollout) newWatch() *watch {
	w := newWatch(r.connection)
	w.before, w.older = r.before, r.older
	return w
}

// Ready implements publish.Rollout.
func (r *rollout) Ready(ctx context.Context) (publish.Readiness, error) {
	for len(r.awaited) > 0 {
		o := r.awaited[0]
		stands, err := r.watch.look(ctx, o)
		if err != nil {
			return publish.Readiness{}, err
		}
		if !stands.ready {
			told := r.last.message
			r.last = stands
			if stands.trouble != nil && r.watch.lasts(stands.trouble) {
				return publish.Readiness{}, &publish.UnreadyError{Object: o.String(), Reason: stands.trouble.reason}
			}
			if stands.message != told {
				r.progress("%s: %s", o, stands.message)
			}
			return publish.Readiness{Object: o.String(), Message: stands.message}, nil
		}
		r.awaited, r.last = r.awaited[1:], readiness{}
	}
	return publish.Readiness{Ready: true}, nil
}

// Prune implements publish.Rollout.
func (r *rollout) Prune(ctx context.Context) error {
	return r.prune(ctx, without(r.all, r.objects))
}

// applyAll applies objects, one after the other.
func (r *rollout) applyAll(ctx context.Context, objects []object, force bool) error {
	for _, o := range objects {
		if err := r.apply(ctx, o, force); err != nil {
			return err
		}
	}
	return nil
}

func (r *rollout) apply(ctx context.Context, o object, force bool) error {
	live, err := r.settled(ctx, o)
	if err != nil {
		return err
	}
	if releasesReplicas(o, live) {
		if err := r.handOverReplicas(ctx, o, live); err != nil {
			return err
		}
	}
	after, err := r.patch(ctx, o, live, patchOptions{force: force || scaled(o, live, r.previous)})
	if err != nil {
		return err
	}
	switch {
	case live == nil:
		r.progress("created %s", o)
	case after.GetResourceVersion() != live.GetResourceVersion() && !equality.Semantic.DeepEqual(comparable(after), comparable(live)):
		r.progress("updated %s", o)
	}
	return nil
}

// settled returns the live object, after it has been deleted if it is being deleted.
func (r *rollout) settled(ctx context.Context, o object) (*unstructured.Unstructured, error) {
	told := false
	for {
		live, err := r.get(ctx, o)
		if err != nil || live == nil || live.GetDeletionTimestamp() == nil {
			return live, err
		}
		if !told {
			r.progress("waiting for the end of the earlier %s", o)
			told = true
		}
		if err := wait.For(ctx, pollInterval); err != nil {
			return nil, fmt.Errorf("%s is still being deleted (finalizers: %s): %w", o, strings.Join(live.GetFinalizers(), ", "), err)
		}
	}
}

// redirects reports whether a Service selects other pods than before.
func redirects(previous, objects []object) bool {
	selectors := map[key]string{}
	for _, o := range previous {
		if o.GetKind() == "Service" {
			selectors[o.key()] = selectorText(o)
		}
	}
	for _, o := range objects {
		if was, ok := selectors[o.key()]; ok && was != selectorText(o) {
			return true
		}
	}
	return false
}

func selectorText(o object) string {
	selector, _, _ := unstructured.NestedStringMap(o.Object, "spec", "selector")
	return labels.FormatLabels(selector)
}
