package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	appsclient "k8s.io/client-go/kubernetes/typed/apps/v1"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/publish"
)

// lease is how long a rollout holds its lock without renewing it.
const lease = 30 * time.Second

// store is the publish.Store of an endpoint. The record of revision N is the
// ControllerRevision ENDPOINT-rN, which the API server lets only one client create. Its
// data are immutable; its phase and its deadline are annotations.
type store struct{ *connection }

var _ publish.Store = store{}

func (s store) revisions() appsclient.ControllerRevisionInterface {
	return s.client.AppsV1().ControllerRevisions(s.namespace)
}

func (c *connection) recordName(number int) string { return fmt.Sprintf("%s-r%d", c.endpoint, number) }

// Lease implements publish.Store.
func (store) Lease() time.Duration { return lease }

// List implements publish.Store.
func (s store) List(ctx context.Context) ([]publish.Record, error) {
	var out []publish.Record
	size := 0
	for page, more := "", true; more; {
		list, err := retry(ctx, s.connection, func() (*appsv1.ControllerRevisionList, error) {
			return s.revisions().List(ctx, metav1.ListOptions{LabelSelector: s.selector(), Limit: recordsAtOnce, Continue: page})
		})
		if err != nil {
			return nil, s.explain(err, "listing the revisions of "+s.endpoint)
		}
		for i := range list.Items {
			item := &list.Items[i]
			r, n, err := decodeRecord(item)
			if err == nil && item.Name != s.recordName(r.Number) {
				err = fmt.Errorf("its name is not that of revision %d", r.Number)
			}
			if err != nil {
				return nil, s.broken(item.Name, fmt.Errorf("ControllerRevision %s/%s: %w", s.namespace, item.Name, err))
			}
			for key, value := range item.Annotations {
				size += len(key) + len(value)
			}
			if size += n + recordSize; size > maxRecords {
				return nil, s.broken(item.Name, s.tooLarge())
			}
			out = append(out, r)
		}
		// A hostile server could send empty pages for ever.
		if size += recordSize; size > maxRecords {
			return nil, s.tooLarge()
		}
		page, more = list.Continue, list.Continue != ""
	}
	return out, nil
}

func (s store) tooLarge() error {
	return &untrusted.TooLargeError{Name: fmt.Sprintf("what namespace %s records of the revisions of %s", s.namespace, s.endpoint), Limit: maxRecords}
}

// broken explains how to handle a record that deployfile did not write.
func (c *connection) broken(name string, err error) error {
	return fmt.Errorf("%w\nkubectl delete controllerrevision -n %s %s removes the record", err, c.namespace, name)
}

// Create implements publish.Store.
func (s store) Create(ctx context.Context, r publish.Record) error {
	encoded, err := encodeRecord(r, s.recordName(r.Number), map[string]string{
		"app.kubernetes.io/name": cluster.LabelValue(r.State.Newest().Model), labelInstance: s.endpoint, labelManagedBy: manager,
	})
	if err != nil {
		return err
	}
	err = s.try(ctx, func() error {
		_, err := s.revisions().Create(ctx, encoded, metav1.CreateOptions{FieldManager: manager})
		return err
	})
	if apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("%w: %w", publish.ErrExists, err)
	}
	return s.explain(err, "recording revision "+encoded.Name)
}

// Update implements publish.Store.
func (s store) Update(ctx context.Context, r publish.Record) error {
	type operation struct {
		Op    string `json:"op"`
		Path  string `json:"path"`
		Value string `json:"value"`
	}
	on := func(op, annotation, value string) operation {
		return operation{op, "/metadata/annotations/" + strings.ReplaceAll(annotation, "/", "~1"), value}
	}
	patch, err := json.Marshal([]operation{
		// Without this, an object that has replaced the record would be changed.
		on("test", annotationAttempt, r.Attempt),
		on("add", annotationPhase, string(r.Phase)),
		on("add", annotationDeadline, formatDeadline(r.Deadline)),
	})
	if err != nil {
		return err
	}
	name := s.recordName(r.Number)
	err = s.try(ctx, func() error {
		_, err := s.revisions().Patch(ctx, name, types.JSONPatchType, patch, metav1.PatchOptions{FieldManager: manager})
		return err
	})
	// A test that fails makes the patch an invalid one.
	if apierrors.IsNotFound(err) || apierrors.IsInvalid(err) {
		return fmt.Errorf("marking revision %s as %s: %w: %w", name, r.Phase, publish.ErrGone, err)
	}
	return s.explain(err, fmt.Sprintf("marking revision %s as %s", name, r.Phase))
}

// Delete implements publish.Store.
func (s store) Delete(ctx context.Context, r publish.Record) error {
	name := s.recordName(r.Number)
	err := s.try(ctx, func() error {
		there, err := s.revisions().Get(ctx, name, metav1.GetOptions{})
		if err != nil || there.Annotations[annotationAttempt] != r.Attempt {
			return err
		}
		err = s.revisions().Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &there.UID}})
		if apierrors.IsConflict(err) {
			return nil // another one has come in its place
		}
		return err
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return s.explain(err, "removing the record of revision "+name)
}
