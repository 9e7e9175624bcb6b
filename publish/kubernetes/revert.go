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

// settleTime is how long Revert waits for the cluster to complete what was begun.
const settleTime = 15 * time.Second

// Revert implements publish.Rollout. It restores the routing first, because the
// previous workloads still exist.
func (r *rollout) Revert(ctx context.Context) error {
	// All steps are tried, and the first error is returned: the others mostly repeat it.
	var failed error
	for _, routing := range []bool{true, false} {
		for _, o := range r.previous {
			if carriesTraffic(o) == routing {
				// Earlier conflicts were decided, and a field that another manager has set
				// since must not block the restoration.
				failed = cmp.Or(failed, r.apply(ctx, o, true))
			}
		}
	}
	var removed []object
	for _, o := range without(r.objects, r.previous) {
		if r.before[o.key()] != nil && !slices.ContainsFunc(r.left, func(l object) bool { return l.key() == o.key() }) {
			// It existed before, and not because of an abandoned rollout.
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

// settle waits while the cluster removes objects and restores the previous workloads.
// The cluster continues by itself, so running out of time is not an error.
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

// prune removes objects that are no longer wanted, if they exist and are the
// endpoint's. Their names are free at once; their dependents follow.
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

// remove deletes an object, but not one that has replaced it.
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

// gone waits until objects are deleted.
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
