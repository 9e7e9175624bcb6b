package kubernetes

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// lease is for how long a deployment holds its lock without a sign of life,
	// renewal the time between two of them.
	lease   = 30 * time.Second
	renewal = 10 * time.Second
	// farthest is how far away a deadline may be: farther than the clocks of two
	// machines differ.
	farthest = time.Hour
)

// free returns a *publish.BusyError while another deployment is under way. The
// lease of one that has ended without a word runs out by a clock that may be
// another machine's, so it is also watched for longer than a renewal takes. So is
// one whose deadline nobody sets, or who writes records could end all deployments
// of the endpoint.
func (p *Publisher) free(ctx context.Context, records []record, say func(string, ...any)) error {
	if len(records) == 0 || records[0].phase != phaseApplying {
		return nil
	}
	other := records[0]
	if now := time.Now(); now.Before(other.deadline) && other.deadline.Before(now.Add(farthest)) {
		return p.busy(other)
	}
	say("making sure that the deployment of revision %d by %s was broken off", other.Number, other.By)
	if err := sleep(ctx, renewal*3/2); err != nil {
		return err
	}
	records, err := p.records(ctx)
	if err != nil {
		return err
	}
	if len(records) == 0 || records[0].name != other.name || records[0].phase != other.phase || !records[0].deadline.Equal(other.deadline) {
		return p.busy(other)
	}
	return nil
}

// renew holds the lock of a record, also when ctx ends, until what it returns
// is called.
func (p *Publisher) renew(ctx context.Context, name string) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() {
		for sleep(ctx, renewal) == nil {
			// One that fails is made up for by the next; whether the lock was
			// lost meanwhile is found out before anything that others would see.
			if err := p.renewOnce(ctx, name); apierrors.IsNotFound(err) {
				return
			}
		}
	})
	return func() {
		cancel()
		running.Wait()
	}
}

func (p *Publisher) renewOnce(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, renewal)
	defer cancel()
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{
		annotationDeadline: time.Now().Add(lease).UTC().Format(time.RFC3339),
	}}})
	if err != nil {
		return err
	}
	return p.try(ctx, func() error {
		_, err := p.client.AppsV1().ControllerRevisions(p.namespace).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: manager})
		return err
	})
}
