package kubernetes

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/deployfile/deployfile/imagespec"
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

func (c *connection) selector() string {
	return labelInstance + "=" + c.endpoint + "," + labelManagedBy + "=" + manager
}

// instances selects the server's pods, but not those of batches.
func (c *connection) instances() metav1.ListOptions {
	return metav1.ListOptions{LabelSelector: labelInstance + "=" + c.endpoint + ",app.kubernetes.io/component!=batch"}
}

func encodeRecord(r publish.Record, name string, labels map[string]string) (*appsv1.ControllerRevision, error) {
	data, err := publish.EncodeRevision(r.Revision)
	if err != nil {
		return nil, err
	}
	newest := r.State.Newest()
	return &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Labels: labels,
			Annotations: map[string]string{
				annotationImage: newest.Image, annotationLock: newest.LockDigest, annotationFile: newest.FileDigest,
				annotationBy: r.By, annotationAt: r.At.UTC().Format(time.RFC3339),
				annotationPhase: string(r.Phase), annotationDeadline: formatDeadline(r.Deadline), annotationAttempt: r.Attempt,
			},
		},
		Revision: int64(r.Number),
		Data:     runtime.RawExtension{Raw: data},
	}, nil
}

// formatDeadline is a deadline as an annotation has it, "" for none.
func formatDeadline(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// decodeRecord decodes the output of encodeRecord, and returns the number of bytes of
// its JSON.
func decodeRecord(c *appsv1.ControllerRevision) (r publish.Record, size int, err error) {
	revision, size, err := publish.DecodeRevision(c.Data.Raw)
	if err != nil {
		return r, 0, err
	}
	if c.Revision < 1 || c.Revision > publish.MaxRevision {
		return r, 0, fmt.Errorf("revision %d is invalid", c.Revision)
	}
	a := c.Annotations
	at, err := time.Parse(time.RFC3339, a[annotationAt])
	if err != nil {
		return r, 0, fmt.Errorf("annotation %s: %w", annotationAt, err)
	}
	// Records from before record/v1 have them nowhere else.
	revision.Number, revision.By, revision.At = int(c.Revision), a[annotationBy], at
	r = publish.Record{Revision: revision, Phase: publish.Phase(a[annotationPhase]), Attempt: a[annotationAttempt]}
	if text := a[annotationDeadline]; text != "" {
		if r.Deadline, err = time.Parse(time.RFC3339, text); err != nil {
			return r, 0, fmt.Errorf("annotation %s: %w", annotationDeadline, err)
		}
	}
	if r.Phase == publish.Deployed && time.Now().After(r.Deadline) {
		// The next rollout removes what it had still to remove.
		r.Deadline = time.Time{}
	}
	return r, size, nil
}

// What a record counts for besides its JSON, how large all of an endpoint may be
// together, in bytes, and how many are asked for at once.
const (
	recordSize    = 1 << 10
	maxRecords    = 32 << 20
	recordsAtOnce = 50
)
