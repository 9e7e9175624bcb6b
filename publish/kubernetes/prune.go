package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// prune removes an object that is no longer wanted, if it is there and the
// endpoint's. The name is free at once; what belongs to the object follows.
func (d *deployment) prune(ctx context.Context, o object) error {
	live, err := d.get(ctx, o)
	if err != nil || live == nil || !d.ours(live) || live.GetDeletionTimestamp() != nil {
		return err
	}
	d.progress("removing %s", o)
	return d.remove(ctx, o, live, metav1.DeletePropagationBackground)
}

// remove deletes an object, and nothing that has come in its place.
func (p *Publisher) remove(ctx context.Context, o object, live *unstructured.Unstructured, how metav1.DeletionPropagation) error {
	uid := live.GetUID()
	err := p.try(ctx, func() error {
		return p.api(o).Delete(ctx, o.GetName(), metav1.DeleteOptions{PropagationPolicy: &how, Preconditions: &metav1.Preconditions{UID: &uid}})
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return p.explain(err, "removing "+o.String())
}

// gone waits until objects are no longer there.
func (p *Publisher) gone(ctx context.Context, objects []object) error {
	for _, o := range objects {
		var last *unstructured.Unstructured
		for between := pace(); ; {
			live, err := p.get(ctx, o)
			if err == nil {
				if live == nil || live.GetDeletionTimestamp() == nil {
					break
				}
				last = live
				err = sleep(ctx, between.Step())
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

// restore brings back the objects of the revision that was served, and removes
// those that only the new one has. What leads requests to the workloads comes
// first: those of before are still there.
func (d *deployment) restore(ctx context.Context) error {
	// The conflicts of before are decided, and a field that somebody else has
	// taken since would be in the way of what has to be there.
	d.o.ForceConflicts = true
	// All is tried, and the first error told: the others mostly are the same.
	var failed error
	for _, traffic := range []bool{true, false} {
		for _, o := range d.previous {
			if carriesTraffic(o) == traffic {
				failed = cmp.Or(failed, d.applyOne(ctx, o))
			}
		}
	}
	var removed []object
	for _, o := range without(d.objects, d.previous) {
		if d.before[o.key()] != nil {
			// It was there before; it may be what an earlier deployment has left.
			continue
		}
		live, err := d.get(ctx, o)
		if err == nil && live != nil && d.ours(live) {
			err = d.remove(ctx, o, live, metav1.DeletePropagationForeground)
			removed = append(removed, o)
		}
		failed = cmp.Or(failed, err)
	}
	if failed != nil {
		return failed
	}
	d.settle(ctx, removed)
	return nil
}

// settle gives the cluster time to end what was removed and to make the
// workloads of before what they were. It goes on with that by itself, so it is
// no error if there is not enough.
func (d *deployment) settle(ctx context.Context, removed []object) {
	ctx, cancel := context.WithTimeout(ctx, cleanupTime/2)
	defer cancel()
	_ = d.gone(ctx, removed)
	w := d.watch()
	for _, o := range d.previous {
		for between := pace(); !carriesTraffic(o); {
			r, err := w.look(ctx, o)
			if err != nil || r.ready || r.trouble != nil || sleep(ctx, between.Step()) != nil {
				break
			}
		}
	}
}
