package kubernetes

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/wait"
)

// Batch implements publish.Batcher, by a Job of the release that is served. A
// local input goes along with the Job and a local output comes back in its
// log, so both are limited; URLs are read and written by the Job itself. The
// Job is removed in any case.
func (p *Publisher) Batch(ctx context.Context, o publish.BatchOptions) error {
	newest, err := p.newest(ctx)
	if err != nil {
		return err
	}
	b, err := p.describe(o)
	if err != nil {
		return err
	}
	documents, err := cluster.BatchJob(newest.State.Live.Release, b)
	if err != nil {
		return err
	}
	objects, err := p.objects(ctx, documents)
	if err != nil {
		return err
	}
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("it takes longer than %s", o.Timeout))
		defer cancel()
	}
	run := &batch{connection: p.connection, o: o, objects: objects, name: b.Name}
	err = run.do(ctx, b.Output == "-")
	fresh, cancel := context.WithTimeout(context.WithoutCancel(ctx), publish.CleanupLimit)
	defer cancel()
	return errors.Join(err, run.remove(fresh))
}

// describe names the Job and reads a local input.
func (c *connection) describe(o publish.BatchOptions) (cluster.Batch, error) {
	const suffix = 12 // of "-batch-" and five letters
	stem := c.endpoint[:min(len(c.endpoint), 63-suffix)]
	b := cluster.Batch{
		Name:  strings.TrimRight(stem, "-") + "-batch-" + rand.String(5),
		Input: o.Input, Output: o.Output, Timeout: o.Timeout,
	}
	if local(o.Input) {
		content, err := readInput(o.Input)
		if err != nil {
			return b, fmt.Errorf("the input: %w", err)
		}
		b.Input, b.Content, b.InputFormat = "-", content, format(o.Input)
	}
	if local(o.Output) {
		// Found out before the Job has taken its hour.
		if _, err := os.Stat(filepath.Dir(o.Output)); err != nil {
			return b, fmt.Errorf("the output's folder: %w", err)
		}
		b.Output, b.OutputFormat = "-", format(o.Output)
	}
	return b, nil
}

// maxInput is how much is read of an input, in bytes; what a cluster takes along is
// less, and manifests says so.
const maxInput = 64 * cluster.MaxBatchContent

// readInput reads a file that the user names, which may be a pipe.
func readInput(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return untrusted.ReadAll(f, name, maxInput)
}

func local(location string) bool { return !strings.Contains(location, "://") }

func format(path string) string { return strings.TrimPrefix(filepath.Ext(path), ".") }

// batch is one run.
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

// cut is the error of a run that ctx may have ended.
func (b *batch) cut(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("the batch %s/%s is broken off: %w", b.namespace, b.name, context.Cause(ctx))
	}
	return err
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
				return nil, fmt.Errorf("the batch %s/%s has succeeded, but somebody has removed its pod", b.namespace, b.name)
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

// claimTrouble is that a pod waits for a PersistentVolumeClaim that there is
// not. Only the scheduler's words say so: whoever runs a batch need not be
// allowed to read claims.
func claimTrouble(pods []corev1.Pod) *trouble {
	missing := regexp.MustCompile(`persistentvolumeclaim "[^"]+" not found`)
	for i := range pods {
		for _, c := range pods[i].Status.Conditions {
			if c.Type != corev1.PodScheduled || c.Status != corev1.ConditionFalse {
				continue
			}
			if found := missing.FindString(c.Message); found != "" {
				return &trouble{pod: pods[i].Name, reason: found, grace: transientGrace}
			}
		}
	}
	return nil
}

func succeeded(pods []corev1.Pod) int {
	for i := range pods {
		if pods[i].Status.Phase == corev1.PodSucceeded {
			return i
		}
	}
	return -1
}

// failed is the error for a Job that does not succeed, with the last lines of
// its log. If the program has given a reason, or its container has ended, that
// takes the place of the Job's.
func (b *batch) failed(ctx context.Context, reason string, pods []corev1.Pod) error {
	names := []string{b.name}
	var last string
	for i := range pods {
		names = append(names, pods[i].Name)
		if data, err := b.log(ctx, &pods[i], publish.LogLines); err == nil && len(data) > 0 {
			last = strings.TrimRight(string(data), "\n")
		}
		for _, c := range pods[i].Status.ContainerStatuses {
			if ended := c.State.Terminated; ended != nil && ended.ExitCode != 0 {
				reason = fmt.Sprintf("its program has ended with exit code %d (%s)", ended.ExitCode, ended.Reason)
			}
		}
	}
	if own, ok := strings.CutPrefix(last[strings.LastIndex(last, "\n")+1:], "batch: error: "); ok {
		reason = own
	}
	var text strings.Builder
	fmt.Fprintf(&text, "the batch %s/%s has failed: %s", b.namespace, b.name, reason)
	lines := slices.DeleteFunc(b.warnings(ctx, names), func(line string) bool { return strings.Contains(line, ": "+batchv1.JobReasonBackoffLimitExceeded+": ") })
	if len(lines) > 0 {
		fmt.Fprintf(&text, "\nevents:\n  %s", strings.Join(lines, "\n  "))
	}
	if last != "" {
		fmt.Fprintf(&text, "\nlast lines of its log:\n  %s", strings.ReplaceAll(last, "\n", "\n  "))
	}
	return errors.New(text.String())
}

// log is what the pod has printed, or its last lines.
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
