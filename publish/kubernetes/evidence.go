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
	// logBytes and eventLines limit what an error quotes.
	logBytes   = 64 << 10
	eventLines = 8
)

// Evidence implements publish.Witness with the log of the failing container and the
// events about it. What is not available is left out, because the error to report is
// the rollout's.
func (r *rollout) Evidence(ctx context.Context, _ error) (log, events []string) {
	if len(r.awaited) == 0 {
		return nil, nil
	}
	names := []string{r.awaited[0].GetName(), r.last.set}
	for _, pod := range r.last.pods {
		names = append(names, pod.Name)
		for _, owner := range pod.OwnerReferences {
			names = append(names, owner.Name)
		}
	}
	return r.lastLines(ctx, r.last), r.warnings(ctx, names)
}

// lastLines returns the last log lines of the failing container.
func (c *connection) lastLines(ctx context.Context, stands readiness) []string {
	for _, pod := range stands.pods {
		t := stands.trouble
		if ready(&pod) || t != nil && t.pod != "" && pod.Name != t.pod {
			continue
		}
		container := server(&pod)
		if t != nil && t.container != "" {
			container = t.container
		}
		for _, previous := range previousFirst(&pod, container) {
			lines, bytes := int64(publish.LogLines), int64(logBytes)
			data, err := c.client.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{
				Container: container, Previous: previous, TailLines: &lines, LimitBytes: &bytes,
			}).DoRaw(ctx)
			if text := strings.TrimRight(string(data), "\n"); err == nil && text != "" && !removedLog(text) {
				return strings.Split(text, "\n")
			}
		}
	}
	return nil
}

// previousFirst returns the order in which to read the logs of a container's runs: a
// container between two runs has its log in the previous one.
func previousFirst(pod *corev1.Pod, container string) []bool {
	for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if c.Name == container && c.RestartCount > 0 && c.State.Running == nil {
			return []bool{true, false}
		}
	}
	return []bool{false, true}
}

// warnings returns the newest warning events of objects.
func (c *connection) warnings(ctx context.Context, names []string) []string {
	list, err := c.client.CoreV1().Events(c.namespace).List(ctx, metav1.ListOptions{FieldSelector: "type=" + corev1.EventTypeWarning})
	if err != nil {
		return nil
	}
	events := slices.DeleteFunc(list.Items, func(e corev1.Event) bool { return !slices.Contains(names, e.InvolvedObject.Name) })
	slices.SortStableFunc(events, func(a, b corev1.Event) int { return lastSeen(b).Compare(lastSeen(a).Time) })
	// A controller that fails to create a pod retries with another name, and in the end
	// reports all attempts at once.
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
