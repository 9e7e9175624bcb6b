package kubernetes

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

const (
	// pullGrace is how long an image may be missing: its registry may only be slow.
	pullGrace = 30 * time.Second
	// crashes is the number of restarts after which a container counts as failed.
	crashes = 3
)

func ready(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

func readyPods(pods []corev1.Pod) int {
	n := 0
	for i := range pods {
		if ready(&pods[i]) {
			n++
		}
	}
	return n
}

// podsTrouble returns the first permanent trouble of the pods, else the first transient
// one.
func podsTrouble(pods []corev1.Pod) *trouble {
	var found *trouble
	for i := range pods {
		t := podTrouble(&pods[i])
		if t != nil && t.grace == 0 {
			return t
		}
		if found == nil {
			found = t
		}
	}
	return found
}

// podTrouble returns what keeps a pod from running, nil if nothing is known.
func podTrouble(pod *corev1.Pod) *trouble {
	for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if t := containerTrouble(pod.Name, c); t != nil {
			return t
		}
	}
	return nil
}

func containerTrouble(pod string, c corev1.ContainerStatus) *trouble {
	t := &trouble{pod: pod, container: c.Name}
	waiting := c.State.Waiting
	if waiting == nil {
		return nil
	}
	explained := func(text string) string {
		if waiting.Message == "" {
			return fmt.Sprintf("%s (%s)", text, waiting.Reason)
		}
		return fmt.Sprintf("%s (%s): %s", text, waiting.Reason, waiting.Message)
	}
	switch waiting.Reason {
	case "ErrImageNeverPull", "InvalidImageName":
		t.reason = explained("the image " + c.Image + " cannot be used")
	case "ErrImagePull", "ImagePullBackOff", "RegistryUnavailable", "SignatureValidationFailed":
		t.reason = explained("the image " + c.Image + " cannot be pulled")
		if !hopeless(waiting.Message) {
			t.grace = pullGrace
		}
	case "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PreCreateHookError", "PreStartHookError", "PostStartHookError":
		t.reason = explained("its container cannot be started")
		t.grace = transientGrace
	case "CrashLoopBackOff":
		if c.RestartCount < crashes {
			return nil
		}
		t.reason = fmt.Sprintf("its server has ended %d times%s", c.RestartCount, exit(c))
	default:
		return nil
	}
	return t
}

// hopeless reports whether a registry has answered so that a retry would get the same
// answer.
func hopeless(message string) bool {
	message = strings.ToLower(message)
	for _, part := range []string{"not found", "manifest unknown", "unauthorized", "denied", "forbidden", "no match for platform", "name unknown", "invalid reference"} {
		if strings.Contains(message, part) {
			return true
		}
	}
	return false
}

// exit describes how a container exited last.
func exit(c corev1.ContainerStatus) string {
	end := c.LastTerminationState.Terminated
	if end == nil {
		return ""
	}
	text := fmt.Sprintf(", last with exit code %d", end.ExitCode)
	if end.Reason != "" && end.Reason != "Error" {
		text += " (" + end.Reason + ")"
	}
	if end.Message != "" {
		text += ": " + strings.TrimSpace(end.Message)
	}
	return text
}

// waitingMessage returns what the first pod that is not ready waits for, "" if that is
// unknown.
func waitingMessage(pods []corev1.Pod) string {
	for i := range pods {
		if m := podMessage(&pods[i]); m != "" {
			return m
		}
	}
	return ""
}

// podMessage returns what keeps a pod from being ready, "" if nothing does.
func podMessage(pod *corev1.Pod) string {
	if ready(pod) || pod.Status.Phase == corev1.PodSucceeded {
		return ""
	}
	if pod.DeletionTimestamp != nil {
		return "it is ending"
	}
	if t := podTrouble(pod); t != nil {
		return t.reason
	}
	for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if w := c.State.Waiting; w != nil && w.Reason != "" {
			text := w.Reason
			if w.Message != "" {
				text += ": " + w.Message
			}
			return text
		}
		if end := c.State.Terminated; end != nil && end.ExitCode != 0 {
			return fmt.Sprintf("container %s has ended with exit code %d", c.Name, end.ExitCode)
		}
	}
	for _, c := range pod.Status.Conditions {
		switch {
		case c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse:
			return "no node takes it: " + c.Message
		case c.Type == corev1.PodReady && c.Status == corev1.ConditionFalse && pod.Status.Phase == corev1.PodRunning:
			return "it runs, but its readiness probe does not succeed"
		}
	}
	if pod.Status.Message != "" {
		return pod.Status.Message
	}
	return "it is being started"
}
