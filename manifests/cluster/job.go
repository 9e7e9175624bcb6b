package cluster

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MaxBatchContent is the largest input in bytes that a cluster stores for a Job: what
// fits into a ConfigMap.
const MaxBatchContent = 1 << 20

// Batch describes a Job that scores one file.
type Batch struct {
	// Name is the name of the Job and of what it needs: a DNS label.
	Name string
	// Input and Output are URLs: pvc://CLAIM/PATH (a PersistentVolumeClaim of the
	// namespace), s3://BUCKET/KEY with the key as it is (a "%20" is three
	// characters), or http(s)://…, the output by PUT. The input "-" is Content;
	// the output "-" goes to the log, for BatchOutput.
	Input, Output string
	// InputFormat and OutputFormat are "csv", "json" (as MLflow's server takes
	// and gives it, or a list of records), "jsonl" or "parquet"; "" is what the
	// URL ends in.
	InputFormat, OutputFormat string
	// Content is the input "-", at most MaxBatchContent bytes.
	Content []byte
	// Timeout ends the Job, 0 for never.
	Timeout time.Duration
}

// BatchJob returns a Kubernetes Job that runs the release's image once over the input,
// and the objects that the Job needs, in the order in which to create them. If it
// fails, its log ends with the reason. The Job is removed an hour after its end; the
// other objects only if the Job is made their owner.
func BatchJob(r manifests.Release, b Batch) ([]manifests.Document, error) {
	fail := func(err error) ([]manifests.Document, error) {
		return nil, &deployfile.TargetError{Name: r.Target.Name, Err: err}
	}
	if err := deployfile.CheckTarget(r.Target); err != nil {
		return fail(err)
	}
	c, err := New(manifests.State{Live: manifests.Slot{Release: r}})
	if err != nil {
		return fail(err)
	}
	if err := c.batch(b); err != nil {
		return fail(fmt.Errorf("batch: %w", err))
	}
	documents, err := c.unpatched()
	if err != nil {
		return fail(err)
	}
	return documents, nil
}

func (c *Objects) batch(b Batch) error {
	r := c.Newest.Release
	if err := CheckModelImage(r); err != nil {
		return err
	}
	container, err := imageContainer("batch", r)
	if err != nil {
		return err
	}
	pod := PodSpec(r, container)
	pod.RestartPolicy = corev1.RestartPolicyNever
	meta := c.Meta(b.Name)
	meta.Labels[LabelComponent] = "batch"
	run := batchRun{batch: b, meta: meta, pod: &pod, container: &pod.Containers[0]}
	if err := run.fill(); err != nil {
		return err
	}
	job := &batchv1.Job{
		TypeMeta:   metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"},
		ObjectMeta: meta,
		Spec: batchv1.JobSpec{
			BackoffLimit:            new(int32(0)),
			TTLSecondsAfterFinished: new(int32(3600)),
			Template:                corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: meta.Labels}, Spec: pod},
			// Draining a node is not a failure.
			PodFailurePolicy: &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{{
				Action: batchv1.PodFailurePolicyActionIgnore,
				OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{{
					Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue,
				}},
			}}},
		},
	}
	if b.Timeout > 0 {
		job.Spec.ActiveDeadlineSeconds = new(int64((b.Timeout + time.Second - 1) / time.Second))
	}
	for _, typed := range append(run.needs, any(job)) {
		if err := c.Add(c.Newest, typed); err != nil {
			return err
		}
	}
	return nil
}

// BatchOutput extracts the output of a Job whose output is "-" from its log. A missing
// or incomplete output is an error.
func BatchOutput(log io.Reader) ([]byte, error) {
	const begin, end = "-----BEGIN BATCH OUTPUT-----", "-----END BATCH OUTPUT "
	var encoded strings.Builder
	inside := false
	lines := bufio.NewReader(log)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return nil, errors.New("the log does not have the predictions, or not to their end")
		}
		if err != nil {
			return nil, err
		}
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == begin:
			inside = true
			encoded.Reset()
		case inside && strings.HasPrefix(line, end):
			content, err := base64.StdEncoding.DecodeString(encoded.String())
			if err != nil {
				return nil, fmt.Errorf("the predictions in the log are damaged: %w", err)
			}
			if fmt.Sprintf("%x-----", sha256.Sum256(content)) != strings.TrimPrefix(line, end) {
				return nil, errors.New("the predictions in the log are damaged: their digest is another")
			}
			return content, nil
		case inside:
			encoded.WriteString(line)
		}
	}
}
