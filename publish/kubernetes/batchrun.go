package kubernetes

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/wait"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// batch is one run of a Job.
type batch struct {
	*connection
	o       publish.BatchOptions
	objects []object
	name    string
}

func (b *batch) say(text string, a ...any) {
	if b.o.Progress != nil {
		b.o.Progress(fmt.Sprintf(text, a...))
	}
}

func (b *batch) do(ctx context.Context, output bool) error {
	for _, o := range b.objects {
		after, err := b.patch(ctx, o, nil, patchOptions{})
		if err != nil {
			return b.cut(ctx, err)
		}
		if o.GetKind() == "Job" {
			if err := b.own(ctx, after.GetUID()); err != nil {
				return b.cut(ctx, err)
			}
		}
	}
	b.say("started Job %s/%s", b.namespace, b.name)
	pod, err := b.wait(ctx)
	if err != nil {
		return b.cut(ctx, err)
	}
	b.say("Job %s/%s has succeeded", b.namespace, b.name)
	if !output {
		return nil
	}
	log, err := b.log(ctx, pod, 0)
	if err != nil {
		return b.cut(ctx, b.explain(err, "reading the log of Job "+b.name))
	}
	content, err := cluster.BatchOutput(bytes.NewReader(log))
	if err != nil {
		return fmt.Errorf("the batch %s/%s: %w", b.namespace, b.name, err)
	}
	return os.WriteFile(b.o.Output, content, 0o666)
}

// own makes the Job the owner of what it needs, so that the cluster removes
// both an hour after the Job's end if this process cannot.
func (b *batch) own(ctx context.Context, job types.UID) error {
	data, err := json.Marshal(map[string]any{"metadata": map[string]any{"ownerReferences": []metav1.OwnerReference{
		{APIVersion: "batch/v1", Kind: "Job", Name: b.name, UID: job},
	}}})
	if err != nil {
		return err
	}
	for _, o := range b.objects {
		if o.GetKind() == "Job" {
			continue
		}
		err := b.try(ctx, func() error {
			_, err := b.api(o).Patch(ctx, o.GetName(), types.MergePatchType, data, metav1.PatchOptions{FieldManager: manager})
			return err
		})
		if err != nil {
			return b.explain(err, "giving "+o.String()+" to its Job")
		}
	}
	return nil
}

// wait returns the pod of the Job when the Job has succeeded.
func (b *batch) wait(ctx context.Context) (*corev1.Pod, error) {
	w := newWatch(b.connection)
	said := ""
	between := pace()
	for {
		job, err := retry(ctx, b.connection, func() (*batchv1.Job, error) {
			return b.client.BatchV1().Jobs(b.namespace).Get(ctx, b.name, metav1.GetOptions{})
		})
		if err != nil {
			return nil, b.explain(err, "reading Job "+b.name)
		}
		pods, err := b.pods(ctx, metav1.ListOptions{LabelSelector: "batch.kubernetes.io/job-name=" + b.name})
		if err != nil {
			return nil, err
		}
		for _, c := range job.Status.Conditions {
			if c.Status != corev1.ConditionTrue {
				continue
			}
			switch c.Type {
			case batchv1.JobComplete:
				if i := succeeded(pods); i >= 0 {
					return &pods[i], nil
				}
				return nil, fmt.Errorf("the batch %s/%s has succeeded, but its pod was removed", b.namespace, b.name)
			case batchv1.JobFailed:
				return nil, b.failed(ctx, c.Message, pods)
			}
		}
		if t := cmp.Or(podsTrouble(pods), claimTrouble(pods)); t != nil && w.lasts(t) {
			return nil, b.failed(ctx, t.reason, pods)
		}
		if message := waitingMessage(pods); message != "" && message != said {
			said = message
			b.say("Job %s/%s: %s", b.namespace, b.name, message)
		}
		if err := wait.For(ctx, between.Step()); err != nil {
			return nil, err
		}
	}
}

func succeeded(pods []corev1.Pod) int {
	for i := range pods {
		if pods[i].Status.Phase == corev1.PodSucceeded {
			return i
		}
	}
	return -1
}

// log returns what the pod has printed, or only the last lines of it.
func (b *batch) log(ctx context.Context, pod *corev1.Pod, lines int64) ([]byte, error) {
	options := &corev1.PodLogOptions{Container: server(pod)}
	if lines > 0 {
		options.TailLines = &lines
	}
	return retry(ctx, b.connection, func() ([]byte, error) {
		return b.client.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, options).DoRaw(ctx)
	})
}

// remove deletes the Job with its pods and what it needed.
func (b *batch) remove(ctx context.Context) error {
	var errs []error
	for _, o := range b.objects {
		live, err := b.get(ctx, o)
		if err == nil && live != nil {
			err = b.connection.remove(ctx, o, live, metav1.DeletePropagationForeground)
		}
		errs = append(errs, err)
	}
	return errors.Join(append(errs, b.gone(ctx, b.objects))...)
}
