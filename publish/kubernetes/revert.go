package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/deployfile/deployfile/publish/internal/wait"
)

// settleTime is how long Revert gives the cluster to end what it has begun.
const settleTime = 15 * time.Second

// Revert implements publish.Rollout. What leads requests to the workloads comes
// first: those of before are still there.
func (r *rollout) Revert(ctx context.Context) error {
	// All is tried, and the first error told: the others mostly are the same.
	var failed error
	for _, routing := range []bool{true, false} {
		for _, o := range r.previous {
			if carriesTraffic(o) == routing {
				// The conflicts of before are decided, and a field that somebody else has
				// taken since would be in the way of what has to be there.
				failed = cmp.Or(failed, r.apply(ctx, o, true))
			}
		}
	}
	var removed []object
	for _, o := range without(r.objects, r.previous) {
		if r.before[o.key()] != nil && !slices.ContainsFunc(r.left, func(l object) bool { return l.key() == o.key() }) {
			// It was there before, and not by an abandoned rollout.
			continue
		}
		live, err := r.get(ctx, o)
		if err == nil && live != nil && r.ours(live) {
			err = r.remove(ctx, o, live, metav1.DeletePropagationForeground)
			removed = append(removed, o)
		}
		failed = cmp.Or(failed, err)
	}
	if failed != nil {
		return failed
	}
	r.settle(ctx, removed)
	return nil
}

// settle gives the cluster time to end what was removed and to make the
// workloads of before what they were. It goes on with that by itself, so it is
// no error if there is not enough.
func (r *rollout) settle(ctx context.Context, removed []object) {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	_ = r.gone(ctx, removed)
	w := r.newWatch()
	for _, o := range r.previous {
		for between := pace(); !carriesTraffic(o); {
			stands, err := w.look(ctx, o)
			if err != nil || stands.ready || stands.trouble != nil || wait.For(ctx, between.Step()) != nil {
				break
			}
		}
	}
}

// prune removes objects that are no longer wanted, if they are there and the
// endpoint's. Their names are free at once; what belongs to them follows.
func (r *rollout) prune(ctx context.Context, objects []object) error {
	for _, o := range objects {
		live, err := r.get(ctx, o)
		if err != nil {
			return err
		}
		if live == nil || !r.ours(live) || live.GetDeletionTimestamp() != nil {
			continue
		}
		r.progress("removing %s", o)
		if err := r.remove(ctx, o, live, metav1.DeletePropagationBackground); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes an object, and nothing that has come in its place.
func (c *connection) remove(ctx context.Context, o object, live *unstructured.Unstructured, how metav1.DeletionPropagation) error {
	uid := live.GetUID()
	err := c.try(ctx, func() error {
		return c.api(o).Delete(ctx, o.GetName(), metav1.DeleteOptions{PropagationPolicy: &how, Preconditions: &metav1.Preconditions{UID: &uid}})
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return c.explain(err, "removing "+o.String())
}

// gone waits until objects are no longer there.
func (c *connection) gone(ctx context.Context, objects []object) error {
	for _, o := range objects {
		var last *unstructured.Unstructured
		for between := pace(); ; {
			live, err := c.get(ctx, o)
			if err == nil {
				if live == nil || live.GetDeletionTimestamp() == nil {
					break
				}
				last = live
				err = wait.For(ctx, between.Step())
			}
			if err != nil && ctx.Err() != nil && last != nil {
				return fmt.Errorf("%s is still being deleted (finalizers: %s): %w", o, strings.Join(last.GetFinalizers(), ", "), ctx.Err())
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
