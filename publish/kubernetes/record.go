package kubernetes

import (
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/publish"
)

// The labels and annotations that the publisher itself reads and writes.
const (
	labelInstance  = cluster.LabelInstance
	labelManagedBy = cluster.LabelManagedBy
	labelTrack     = cluster.LabelTrack
	manager        = cluster.Manager

	annotationImage    = imagespec.KubernetesPrefix + "image"
	annotationLock     = imagespec.KubernetesPrefix + "lock"
	annotationFile     = imagespec.KubernetesPrefix + "file"
	annotationBy       = imagespec.KubernetesPrefix + "by"
	annotationAt       = imagespec.KubernetesPrefix + "at"
	annotationPhase    = imagespec.KubernetesPrefix + "phase"
	annotationDeadline = imagespec.KubernetesPrefix + "deadline"
	annotationAttempt  = imagespec.KubernetesPrefix + "attempt"
)

// The phases of a record.
const (
	// phaseApplying is a deployment under way: while it renews its deadline
	// nobody else may begin one.
	phaseApplying = "applying"
	phaseDeployed = "deployed"
	// phaseFailed is one whose objects may still be there, for the next
	// deployment to remove.
	phaseFailed = "failed"
)

// record is a revision and how far it has come.
type record struct {
	publish.Revision
	name, phase, attempt string
	deadline             time.Time
	// size is how many bytes of JSON it was, decompressed.
	size int
}

func (p *Publisher) selector() string {
	return labelInstance + "=" + p.endpoint + "," + labelManagedBy + "=" + manager
}

// instances selects the pods that serve; those of batches do not.
func (p *Publisher) instances() metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: labelInstance + "=" + p.endpoint + ",app.kubernetes.io/component!=batch"}
}

func (p *Publisher) recordName(number int) string { return fmt.Sprintf("%s-r%d", p.endpoint, number) }

// records lists all, newest first.
func (p *Publisher) records(ctx context.Context) ([]record, error) {
	var out []record
	size := 0
	for page, more := "", true; more; {
		list, err := retry(ctx, p, func() (*appsv1.ControllerRevisionList, error) {
			return p.client.AppsV1().ControllerRevisions(p.namespace).List(ctx, metav1.ListOptions{LabelSelector: p.selector(), Limit: recordsAtOnce, Continue: page})
		})
		if err != nil {
			return nil, p.explain(err, "listing the revisions of "+p.endpoint)
		}
		for i := range list.Items {
			r, err := decodeRecord(&list.Items[i])
			if err != nil {
				return nil, p.broken(list.Items[i].Name, fmt.Errorf("ControllerRevision %s/%s: %w", p.namespace, list.Items[i].Name, err))
			}
			for key, value := range list.Items[i].Annotations {
				size += len(key) + len(value)
			}
			if size += r.size + recordSize; size > maxRecords {
				return nil, p.broken(r.name, &untrusted.TooLargeError{Name: fmt.Sprintf("what namespace %s records of the revisions of %s", p.namespace, p.endpoint), Limit: maxRecords})
			}
			out = append(out, r)
		}
		// A server that never ends sends empty pages.
		if size += recordSize; size > maxRecords {
			return nil, &untrusted.TooLargeError{Name: fmt.Sprintf("what namespace %s records of the revisions of %s", p.namespace, p.endpoint), Limit: maxRecords}
		}
		page, more = list.Continue, list.Continue != ""
	}
	slices.SortFunc(out, func(a, b record) int { return b.Number - a.Number })
	return out, nil
}

// broken says what is to be done about a record that this program has not
// written.
func (p *Publisher) broken(name string, err error) error {
	return fmt.Errorf("%w\nkubectl delete controllerrevision -n %s %s removes the record", err, p.namespace, name)
}

// Revisions implements publish.Publisher.
func (p *Publisher) Revisions(ctx context.Context) ([]publish.Revision, error) {
	records, err := p.records(ctx)
	if err != nil {
		return nil, err
	}
	var out []publish.Revision
	for _, r := range records {
		if r.phase == phaseDeployed {
			out = append(out, r.Revision)
		}
	}
	return out, nil
}

// deployed is the newest record that was deployed, nil if none was.
func deployed(records []record) *record {
	for i := range records {
		if records[i].phase == phaseDeployed {
			return &records[i]
		}
	}
	return nil
}

func encodeRecord(r record, labels map[string]string) (*appsv1.ControllerRevision, error) {
	data, err := publish.EncodeRevision(r.Revision)
	if err != nil {
		return nil, err
	}
	newest := r.State.Newest()
	return &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Name: r.name, Labels: labels,
			Annotations: map[string]string{
				annotationImage: newest.Image, annotationLock: newest.LockDigest, annotationFile: newest.FileDigest,
				annotationBy: r.By, annotationAt: r.At.UTC().Format(time.RFC3339),
				annotationPhase: r.phase, annotationDeadline: r.deadline.UTC().Format(time.RFC3339), annotationAttempt: r.attempt,
			},
		},
		Revision: int64(r.Number),
		Data:     runtime.RawExtension{Raw: data},
	}, nil
}

func decodeRecord(c *appsv1.ControllerRevision) (record, error) {
	revision, size, err := publish.DecodeRevision(c.Data.Raw)
	if err != nil {
		return record{}, err
	}
	if c.Revision < 1 || c.Revision > publish.MaxRevision {
		return record{}, fmt.Errorf("revision %d is none", c.Revision)
	}
	a := c.Annotations
	at, err := time.Parse(time.RFC3339, a[annotationAt])
	if err != nil {
		return record{}, fmt.Errorf("annotation %s: %w", annotationAt, err)
	}
	deadline, err := time.Parse(time.RFC3339, a[annotationDeadline])
	if err != nil {
		return record{}, fmt.Errorf("annotation %s: %w", annotationDeadline, err)
	}
	// Records from before record/v1 have them nowhere else.
	revision.Number, revision.By, revision.At = int(c.Revision), a[annotationBy], at
	return record{
		Revision: revision,
		name:     c.Name, phase: a[annotationPhase], attempt: a[annotationAttempt], deadline: deadline,
		size: size,
	}, nil
}

// What a record counts for besides its JSON, how large all of an endpoint may be
// together, in bytes, and how many are asked for at once.
const (
	recordSize    = 1 << 10
	maxRecords    = 32 << 20
	recordsAtOnce = 50
)
