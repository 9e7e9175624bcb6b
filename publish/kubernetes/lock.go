package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"

	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/publish"
)

// cleanupTime is what a deployment that ends without success may take to bring
// back what was there before.
const cleanupTime = 30 * time.Second

func (p *Publisher) busy(r record) *publish.BusyError {
	e := &publish.BusyError{Endpoint: p.endpoint, By: r.By, Since: r.At}
	if r.phase == phaseApplying && time.Now().Before(r.deadline) {
		e.Until = r.deadline
	}
	return e
}

// begin records a revision as being applied, which locks the endpoint for as
// long as renew is called. The number is the revision's own, or the next one if
// it has none.
func (p *Publisher) begin(ctx context.Context, revision publish.Revision, records []record) (*record, error) {
	newest := deployed(records)
	switch {
	case revision.Number == 0:
	case newest != nil && newest.Number >= revision.Number:
		// What is to be applied follows from a state that is no longer there.
		return nil, p.busy(*newest)
	}
	if len(records) > 0 {
		if last := records[0].Number; last >= publish.MaxRevision {
			return nil, &publish.LastRevisionError{Endpoint: p.endpoint, Number: last}
		}
		revision.Number = max(revision.Number, records[0].Number+1)
	}
	revision.Number = max(revision.Number, 1)
	mine := &record{
		Revision: revision, name: p.recordName(revision.Number), phase: phaseApplying,
		attempt: string(uuid.NewUUID()), deadline: time.Now().Add(lease),
	}
	encoded, err := encodeRecord(*mine, map[string]string{
		"app.kubernetes.io/name": cluster.LabelValue(revision.State.Newest().Model), labelInstance: p.endpoint, labelManagedBy: manager,
	})
	if err != nil {
		return nil, err
	}
	_, err = retry(ctx, p, func() (*appsv1.ControllerRevision, error) {
		// Broken off, it might have made a record that nobody removes.
		return p.client.AppsV1().ControllerRevisions(p.namespace).Create(context.WithoutCancel(ctx), encoded, metav1.CreateOptions{FieldManager: manager})
	})
	if apierrors.IsAlreadyExists(err) {
		return p.alreadyBegun(ctx, mine)
	}
	if err != nil {
		return nil, p.explain(err, "recording revision "+mine.name)
	}
	return mine, nil
}

// alreadyBegun finds out whose the record is: the answer to our own request may
// have been lost.
func (p *Publisher) alreadyBegun(ctx context.Context, mine *record) (*record, error) {
	there, err := retry(ctx, p, func() (*appsv1.ControllerRevision, error) {
		return p.client.AppsV1().ControllerRevisions(p.namespace).Get(ctx, mine.name, metav1.GetOptions{})
	})
	if err != nil {
		return nil, p.explain(err, "reading revision "+mine.name)
	}
	other, err := decodeRecord(there)
	if err != nil {
		return nil, fmt.Errorf("ControllerRevision %s/%s: %w", p.namespace, mine.name, err)
	}
	if other.attempt == mine.attempt {
		return mine, nil
	}
	return nil, p.busy(other)
}

// stillMine returns a *publish.BusyError if another deployment has taken over:
// this one has been asleep for longer than it is allowed to be.
func (p *Publisher) stillMine(ctx context.Context, mine *record) error {
	records, err := p.records(ctx)
	if err != nil {
		return err
	}
	for _, r := range records {
		if r.Number > mine.Number {
			return p.busy(r)
		}
	}
	return nil
}

// setPhase ends the lock.
func (p *Publisher) setPhase(ctx context.Context, name, phase string) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]string{annotationPhase: phase}}})
	if err != nil {
		return err
	}
	err = p.try(ctx, func() error {
		_, err := p.client.AppsV1().ControllerRevisions(p.namespace).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: manager})
		return err
	})
	return p.explain(err, "marking revision "+name+" as "+phase)
}

func (p *Publisher) forget(ctx context.Context, name string) error {
	err := p.try(ctx, func() error {
		return p.client.AppsV1().ControllerRevisions(p.namespace).Delete(ctx, name, metav1.DeleteOptions{})
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return p.explain(err, "removing the record of revision "+name)
}

// expired are the records that are not kept once a deployment has succeeded:
// all that failed, and deployed ones but for the newest.
func expired(records []record) []record {
	var out []record
	kept := 0
	for _, r := range records {
		if r.phase == phaseDeployed && kept < publish.KeepRevisions {
			kept++
			continue
		}
		out = append(out, r)
	}
	return out
}
