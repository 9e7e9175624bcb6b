package kubernetes

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/deployfile/deployfile/publish"
)

const (
	// logLines, logBytes and eventLines limit what an error quotes.
	logLines   = 20
	logBytes   = 64 << 10
	eventLines = 8
)

// notReady is the error for something that does not become ready, with what
// its container printed and what the cluster says of it. What cannot be had is
// left out: the error is of the deployment.
func (d *deployment) notReady(ctx context.Context, stuck *stuckError, restored int) *publish.NotReadyError {
	e := &publish.NotReadyError{Endpoint: d.endpoint, Reason: stuck.Error(), Restored: restored}
	e.Log = d.lastWords(ctx, stuck)
	names := []string{stuck.object.GetName(), stuck.set}
	for _, pod := range stuck.pods {
		names = append(names, pod.Name)
		for _, owner := range pod.OwnerReferences {
			names = append(names, owner.Name)
		}
	}
	e.Events = d.warnings(ctx, names)
	return e
}

// lastWords are the last lines that the container in trouble printed.
func (p *Publisher) lastWords(ctx context.Context, stuck *stuckError) []string {
	for _, pod := range stuck.pods {
		if ready(&pod) || stuck.pod != "" && pod.Name != stuck.pod {
			continue
		}
		container := stuck.container
		if container == "" {
			container = server(&pod)
		}
		for _, previous := range previousFirst(&pod, container) {
			lines, bytes := int64(logLines), int64(logBytes)
			data, err := p.client.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{
				Container: container, Previous: previous, TailLines: &lines, LimitBytes: &bytes,
			}).DoRaw(ctx)
			if text := strings.TrimRight(string(data), "\n"); err == nil && text != "" {
				return strings.Split(text, "\n")
			}
		}
	}
	return nil
}

// previousFirst says in which order the runs of a container are asked for
// their log: one that is between two runs has it in the one before.
func previousFirst(pod *corev1.Pod, container string) []bool {
	for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if c.Name == container && c.RestartCount > 0 && c.State.Running == nil {
			return []bool{true, false}
		}
	}
	return []bool{false, true}
}

// warnings are the newest events of objects that tell of something wrong.
func (p *Publisher) warnings(ctx context.Context, names []string) []string {
	list, err := p.client.CoreV1().Events(p.namespace).List(ctx, metav1.ListOptions{FieldSelector: "type=" + corev1.EventTypeWarning})
	if err != nil {
		return nil
	}
	events := slices.DeleteFunc(list.Items, func(e corev1.Event) bool { return !slices.Contains(names, e.InvolvedObject.Name) })
	slices.SortStableFunc(events, func(a, b corev1.Event) int { return lastSeen(b).Compare(lastSeen(a).Time) })
	// Whoever tries to make a pod tries again with another name, and in the end
	// tells of all tries at once.
	pod := regexp.MustCompile(`\bpods "[^"]*"`)
	var out []string
	said := map[string]bool{}
	for _, e := range events {
		line := fmt.Sprintf("%s %s: %s: %s", e.InvolvedObject.Kind, e.InvolvedObject.Name, e.Reason,
			strings.TrimPrefix(strings.Join(strings.Fields(e.Message), " "), "(combined from similar events): "))
		if what := pod.ReplaceAllString(line, "pods"); !said[what] && len(out) < eventLines {
			said[what] = true
			out = append(out, line)
		}
	}
	slices.Reverse(out)
	return out
}

func lastSeen(e corev1.Event) metav1.Time {
	switch {
	case e.Series != nil:
		return metav1.NewTime(e.Series.LastObservedTime.Time)
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp
	}
	return metav1.NewTime(e.EventTime.Time)
}
