package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/publish"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// cut returns the cause of ctx's end if ctx has ended, else err.
func (b *batch) cut(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("the batch %s/%s was cancelled: %w", b.namespace, b.name, context.Cause(ctx))
	}
	return err
}

// claimTrouble reports a pod that waits for a missing PersistentVolumeClaim. It reads
// the scheduler's message, because running a batch needs no permission to read claims.
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

// failed returns the error for a Job that did not succeed, with the last lines of its
// log. A reason that the program gave, or the exit code of its container, replaces the
// Job's reason.
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
