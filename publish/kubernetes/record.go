package kubernetes

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/manifests/kinds"
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

// plainLimit is the size from which on documents are compressed, in bytes:
// etcd takes 1.5 MiB for an object.
const plainLimit = 1_000_000

// record is a revision and how far it has come.
type record struct {
	publish.Revision
	name, phase, attempt string
	deadline             time.Time
	// size is how many bytes of JSON it was, decompressed.
	size int
}

// payload is what a ControllerRevision holds. The API server lets nobody change
// it once it is there.
type payload struct {
	State     manifests.State
	Documents []document `json:",omitempty"`
	// Compressed is the JSON of Documents, compressed with gzip, where they are
	// large.
	Compressed []byte `json:",omitempty"`
}

// document is a manifests.Document that reads as text in JSON.
type document struct{ Name, Body string }

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
	data, err := encodePayload(r.State, r.Documents)
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
	state, documents, size, err := decodePayload(c.Data.Raw)
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
	return record{
		Revision: publish.Revision{Number: int(c.Revision), State: state, Documents: documents, By: a[annotationBy], At: at},
		name:     c.Name, phase: a[annotationPhase], attempt: a[annotationAttempt], deadline: deadline,
		size: size,
	}, nil
}

func encodePayload(state manifests.State, documents []manifests.Document) ([]byte, error) {
	content := payload{State: state}
	for _, d := range documents {
		content.Documents = append(content.Documents, document{d.Name, string(d.Body)})
	}
	data, err := json.Marshal(content)
	if err != nil || len(data) < plainLimit {
		return data, err
	}
	plain, err := json.Marshal(content.Documents)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(plain); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return json.Marshal(payload{State: state, Compressed: b.Bytes()})
}

// The largest record that is read, in bytes of JSON and in values, what one counts
// for besides, how large all of an endpoint may be together, and how many are asked
// for at once: etcd takes 1.5 MiB for each, compressed or not.
const (
	maxRecord     = 8 << 20
	recordSize    = 1 << 10
	maxValues     = 10_000
	maxRecords    = 32 << 20
	recordsAtOnce = 50
)

// decodePayload reads what encodePayload wrote, and how many bytes it was. Whoever may
// write ControllerRevisions may have written it, so it is bounded.
func decodePayload(data []byte) (state manifests.State, documents []manifests.Document, size int, err error) {
	const name = "the record"
	var content payload
	if err := untrusted.DecodeJSON(data, name, maxRecord, maxValues, &content); err != nil {
		return state, nil, 0, err
	}
	size = len(data)
	if err := kinds.Restore(&content.State); err != nil {
		return state, nil, 0, fmt.Errorf("%s: %w", name, err)
	}
	if content.Compressed != nil {
		z, err := gzip.NewReader(bytes.NewReader(content.Compressed))
		if err != nil {
			return state, nil, 0, err
		}
		plain, err := untrusted.ReadAll(z, name, maxRecord)
		if err != nil {
			return state, nil, 0, err
		}
		if err := untrusted.DecodeJSON(plain, name, maxRecord, maxValues, &content.Documents); err != nil {
			return state, nil, 0, err
		}
		size += len(plain)
	}
	for _, d := range content.Documents {
		documents = append(documents, manifests.Document{Name: d.Name, Body: []byte(d.Body)})
	}
	return content.State, documents, size, nil
}
