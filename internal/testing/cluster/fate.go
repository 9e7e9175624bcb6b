//go:build linux

package cluster

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Fate is what becomes of a pod in a FastCluster.
type Fate string

const (
	// Ready runs and passes its probes.
	Ready Fate = "ready"
	// NeverReady runs, and its readiness probe fails.
	NeverReady Fate = "never-ready"
	// Crash ends again and again: CrashLoopBackOff.
	Crash Fate = "crash"
	// PullError has no image: ImagePullBackOff.
	PullError Fate = "pull-error"
	// Complete ends with exit code 0, Fail with 1; they are for Jobs.
	Complete Fate = "complete"
	Fail     Fate = "fail"
)

// FateVariable is the environment variable that decides a pod's fate, where a
// Deployfile can say it but a test has no pod to look at.
const FateVariable = "DEPLOYFILE_TEST_FATE"

// fateOf returns the pod's own fate.
func fateOf(pod *corev1.Pod) Fate {
	for _, c := range pod.Spec.Containers {
		for _, e := range c.Env {
			if e.Name == FateVariable {
				return Fate(e.Value)
			}
		}
	}
	if pod.Spec.RestartPolicy != corev1.RestartPolicyAlways {
		return Complete
	}
	return Ready
}

// setStatus makes the pod's status what a kubelet would report.
func (f Fate) setStatus(pod *corev1.Pod, ip string, now metav1.Time) {
	s := &pod.Status
	s.HostIP, s.HostIPs = nodeIP, []corev1.HostIP{{IP: nodeIP}}
	if s.StartTime == nil {
		s.StartTime = &now
	}
	if f != PullError {
		s.PodIP, s.PodIPs = ip, []corev1.PodIP{{IP: ip}}
	}
	s.Phase = map[Fate]corev1.PodPhase{PullError: corev1.PodPending, Complete: corev1.PodSucceeded, Fail: corev1.PodFailed}[f]
	if s.Phase == "" {
		s.Phase = corev1.PodRunning
	}
	s.InitContainerStatuses, s.ContainerStatuses = nil, nil
	for _, c := range pod.Spec.InitContainers {
		s.InitContainerStatuses = append(s.InitContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, ImageID: c.Image, Ready: true, State: corev1.ContainerState{Terminated: ended(0, now)},
		})
	}
	for _, c := range pod.Spec.Containers {
		s.ContainerStatuses = append(s.ContainerStatuses, f.containerStatus(c, now))
	}
	ready, reason := corev1.ConditionTrue, ""
	switch f {
	case Ready:
	case Complete:
		ready, reason = corev1.ConditionFalse, "PodCompleted"
	default:
		ready, reason = corev1.ConditionFalse, "ContainersNotReady"
	}
	for _, c := range []corev1.PodCondition{
		{Type: corev1.PodInitialized, Status: corev1.ConditionTrue},
		{Type: corev1.ContainersReady, Status: ready, Reason: reason},
		{Type: corev1.PodReady, Status: ready, Reason: reason},
	} {
		c.LastTransitionTime = now
		s.Conditions = slices.DeleteFunc(s.Conditions, func(old corev1.PodCondition) bool { return old.Type == c.Type })
		s.Conditions = append(s.Conditions, c)
	}
}

func (f Fate) containerStatus(c corev1.Container, now metav1.Time) corev1.ContainerStatus {
	started := f == Ready || f == NeverReady
	s := corev1.ContainerStatus{Name: c.Name, Image: c.Image, ImageID: c.Image, Ready: f == Ready, Started: &started}
	switch f {
	case Crash:
		s.RestartCount = 3
		s.LastTerminationState.Terminated = ended(1, now)
		s.State.Waiting = &corev1.ContainerStateWaiting{
			Reason:  "CrashLoopBackOff",
			Message: fmt.Sprintf("back-off 40s restarting failed container=%s", c.Name),
		}
	case PullError:
		s.ImageID = ""
		s.State.Waiting = &corev1.ContainerStateWaiting{
			Reason:  "ImagePullBackOff",
			Message: fmt.Sprintf("Back-off pulling image %q: ErrImagePull: failed to resolve image: not found", c.Image),
		}
	case Complete:
		s.State.Terminated = ended(0, now)
	case Fail:
		s.State.Terminated = ended(1, now)
	case Ready, NeverReady:
		s.State.Running = &corev1.ContainerStateRunning{StartedAt: now}
	default:
		s.State.Waiting = &corev1.ContainerStateWaiting{
			Reason:  "CreateContainerConfigError",
			Message: fmt.Sprintf("the test wants the fate %q, which there is not", f),
		}
	}
	return s
}

func ended(code int32, now metav1.Time) *corev1.ContainerStateTerminated {
	reason := "Completed"
	if code != 0 {
		reason = "Error"
	}
	return &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, StartedAt: now, FinishedAt: now}
}

// event returns the reason and the message of the kubelet's warning, "" for none.
func (f Fate) event(c corev1.Container) (reason, message string) {
	switch f {
	case NeverReady:
		return "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"
	case Crash:
		return "BackOff", fmt.Sprintf("Back-off restarting failed container %s", c.Name)
	case PullError:
		return "Failed", fmt.Sprintf("Failed to pull image %q: not found", c.Image)
	}
	return "", ""
}
