package kubernetes

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// rolling is a Deployment of two replicas in the middle of a rollout from the
// ReplicaSet "old" to "new".
func rolling(change func(*appsv1.Deployment)) *appsv1.Deployment {
	two, deadline := int32(2), int32(60)
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "iris", UID: "d", Generation: 2},
		Spec:       appsv1.DeploymentSpec{Replicas: &two, ProgressDeadlineSeconds: &deadline, Template: template("2")},
		Status:     appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 3, UpdatedReplicas: 1, ReadyReplicas: 2, AvailableReplicas: 2},
	}
	if change != nil {
		change(d)
	}
	return d
}

func template(image string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "server", Image: image}}}}
}

func controlled(by types.UID) []metav1.OwnerReference {
	yes := true
	return []metav1.OwnerReference{{UID: by, Controller: &yes}}
}

func set(name, image string) appsv1.ReplicaSet {
	s := appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), OwnerReferences: controlled("d")},
		Spec:       appsv1.ReplicaSetSpec{Template: template(image)},
	}
	s.Spec.Template.Labels = map[string]string{appsv1.DefaultDeploymentUniqueLabelKey: name}
	return s
}

func progressing(reason, message string, at time.Time) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) {
		d.Status.Conditions = []appsv1.DeploymentCondition{{
			Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: reason, Message: message, LastUpdateTime: metav1.NewTime(at),
		}}
	}
}

func waiting(pod, owner, reason, message string, restarts int32) corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: pod, OwnerReferences: controlled(types.UID(owner))},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			Name: "server", Image: "example.com/iris", RestartCount: restarts,
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}},
		}}},
	}
}

func TestRolledOut(t *testing.T) {
	then := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	exceeded := func(set string) func(*appsv1.Deployment) {
		return progressing("ProgressDeadlineExceeded", `ReplicaSet "`+set+`" has timed out progressing.`, then)
	}
	failing := set("new", "2")
	failing.Status.Conditions = []appsv1.ReplicaSetCondition{{Type: appsv1.ReplicaSetReplicaFailure, Status: corev1.ConditionTrue, Message: "exceeded quota: full"}}
	for name, tt := range map[string]struct {
		deployment *appsv1.Deployment
		sets       []appsv1.ReplicaSet
		pods       []corev1.Pod
		before     *appsv1.DeploymentCondition
		ready      bool
		message    string
		trouble    string
		grace      time.Duration
	}{
		"done": {
			deployment: rolling(func(d *appsv1.Deployment) { d.Status.Replicas, d.Status.UpdatedReplicas = 2, 2 }), ready: true,
		},
		"not seen yet": {
			deployment: rolling(func(d *appsv1.Deployment) { d.Status.ObservedGeneration = 1 }), message: "has not observed the change yet",
		},
		"nothing new yet": {
			deployment: rolling(exceeded("old")), sets: []appsv1.ReplicaSet{set("old", "1")}, message: "are not begun yet",
		},
		"no set can be made": {
			deployment: rolling(progressing("ReplicaSetCreateError", "exceeded quota: sets", then)), sets: []appsv1.ReplicaSet{set("old", "1")},
			message: "are not begun yet", trouble: "exceeded quota: sets", grace: transientGrace,
		},
		"no set could be made before": {
			deployment: rolling(progressing("ReplicaSetCreateError", "exceeded quota: sets", then)), sets: []appsv1.ReplicaSet{set("old", "1")},
			before:  &appsv1.DeploymentCondition{Reason: "ReplicaSetCreateError", Message: "exceeded quota: sets", LastUpdateTime: metav1.NewTime(then)},
			message: "are not begun yet",
		},
		"under way": {
			deployment: rolling(nil), pods: []corev1.Pod{waiting("a", "new", "ContainerCreating", "", 0)},
			message: "0 of 2 new instances are ready, 2 of before are left: ContainerCreating",
		},
		"the deadline of the set before": {
			deployment: rolling(exceeded("old")), message: "0 of 2 new instances are ready, 2 of before are left",
		},
		"the deadline of this set": {
			deployment: rolling(exceeded("new")), pods: []corev1.Pod{waiting("a", "new", "ContainerCreating", "", 0)},
			message: "0 of 2 new instances are ready", trouble: "there was no progress for 60 seconds: 0 of 2 new instances are ready, 2 of before are left: ContainerCreating",
		},
		"the deadline of this set, before": {
			deployment: rolling(exceeded("new")), message: "0 of 2 new instances are ready",
			before: &appsv1.DeploymentCondition{Reason: "ProgressDeadlineExceeded", Message: `ReplicaSet "new" has timed out progressing.`, LastUpdateTime: metav1.NewTime(then)},
		},
		"no room": {
			deployment: rolling(nil), sets: []appsv1.ReplicaSet{failing}, message: "exceeded quota", trouble: "its pods cannot be created: exceeded quota: full", grace: transientGrace / 2,
		},
		"it crashes": {
			deployment: rolling(nil), pods: []corev1.Pod{waiting("a", "new", "CrashLoopBackOff", "", 3)},
			message: "0 of 2 new", trouble: "its server has ended 3 times",
		},
		"those of before crash": {
			deployment: rolling(nil), pods: []corev1.Pod{waiting("a", "old", "CrashLoopBackOff", "", 30)}, message: "0 of 2 new",
		},
	} {
		t.Run(name, func(t *testing.T) {
			sets := tt.sets
			if sets == nil {
				strange := set("strange", "2")
				strange.OwnerReferences = nil
				sets = []appsv1.ReplicaSet{set("old", "1"), strange, set("new", "2")}
			}
			r := rolledOut(tt.deployment, newestSet(tt.deployment, sets), tt.pods, tt.before)
			if r.ready != tt.ready || !strings.Contains(r.message, tt.message) {
				t.Errorf("ready %t, %q", r.ready, r.message)
			}
			switch {
			case r.trouble == nil && tt.trouble == "":
			case r.trouble == nil || tt.trouble == "" || !strings.HasPrefix(r.trouble.reason, tt.trouble) || r.trouble.grace != tt.grace:
				t.Errorf("the trouble is %+v", r.trouble)
			}
		})
	}
}

func TestPodTrouble(t *testing.T) {
	for name, tt := range map[string]struct {
		reason, message string
		restarts        int32
		want            string
		grace           time.Duration
	}{
		"no such image":           {"ErrImagePull", "rpc error: code = NotFound desc = iris: not found", 0, "cannot be pulled (ErrImagePull): rpc error", 0},
		"not allowed":             {"ImagePullBackOff", `Back-off pulling image "iris": ErrImagePull: 401 Unauthorized`, 0, "cannot be pulled (ImagePullBackOff)", 0},
		"a slow registry":         {"ErrImagePull", "dial tcp 10.0.0.1:443: i/o timeout", 0, "cannot be pulled", pullGrace},
		"never pulled":            {"ErrImageNeverPull", "", 0, "the image example.com/iris cannot be used (ErrImageNeverPull)", 0},
		"no such name":            {"InvalidImageName", "couldn't parse image reference", 0, "cannot be used", 0},
		"no such secret":          {"CreateContainerConfigError", `secret "iris" not found`, 0, `its container cannot be started (CreateContainerConfigError): secret "iris" not found`, transientGrace},
		"no such program":         {"RunContainerError", "exec: not found", 0, "cannot be started", transientGrace},
		"the first crash":         {"CrashLoopBackOff", "back-off", 1, "", 0},
		"the third crash":         {"CrashLoopBackOff", "back-off", 3, "its server has ended 3 times", 0},
		"it is being made":        {"ContainerCreating", "", 0, "", 0},
		"its init containers run": {"PodInitializing", "", 0, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			pod := waiting("a", "new", tt.reason, tt.message, tt.restarts)
			got := podTrouble(&pod)
			switch {
			case got == nil && tt.want == "":
			case got == nil || tt.want == "" || !strings.Contains(got.reason, tt.want) || got.grace != tt.grace || got.pod != "a" || got.container != "server":
				t.Errorf("the trouble is %+v", got)
			}
		})
	}
	// What cannot go away is told first.
	if got := podsTrouble([]corev1.Pod{waiting("a", "", "ErrImagePull", "i/o timeout", 0), waiting("b", "", "ErrImagePull", "not found", 0)}); got == nil || got.pod != "b" {
		t.Errorf("the trouble is %+v", got)
	}
}

func TestPodMessage(t *testing.T) {
	conditions := func(list ...corev1.PodCondition) corev1.Pod {
		return corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodRunning, Conditions: list}}
	}
	ending := conditions()
	now := metav1.Now()
	ending.DeletionTimestamp = &now
	for want, pod := range map[string]corev1.Pod{
		"":                    conditions(corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue}),
		"it is ending":        ending,
		"it is being started": conditions(),
		"no node takes it: 0/1 nodes are available":         conditions(corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Message: "0/1 nodes are available"}),
		"it runs, but its readiness probe does not succeed": conditions(corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionFalse}),
	} {
		if got := podMessage(&pod); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
}
