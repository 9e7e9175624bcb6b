package kubernetes

import (
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// transientGrace is how long a trouble that can disappear may last.
const transientGrace = 10 * time.Second

// newestSet returns the ReplicaSet of a Deployment's template, nil until the controller
// has created it.
func newestSet(d *appsv1.Deployment, sets []appsv1.ReplicaSet) *appsv1.ReplicaSet {
	for i := range sets {
		set := &sets[i]
		if !metav1.IsControlledBy(set, d) {
			continue
		}
		template := set.Spec.Template.DeepCopy()
		delete(template.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
		if equality.Semantic.DeepEqual(template, d.Spec.Template.DeepCopy()) {
			return set
		}
	}
	return nil
}

// rolledOut returns the readiness of a Deployment's newest ReplicaSet, nil before that
// exists. Before is the Progressing condition from when the Deployment was applied, nil
// if it had none.
func rolledOut(d *appsv1.Deployment, set *appsv1.ReplicaSet, pods []corev1.Pod, before *appsv1.DeploymentCondition) readiness {
	var r readiness
	want := int32(1)
	if d.Spec.Replicas != nil {
		want = *d.Spec.Replicas
	}
	s := d.Status
	if s.ObservedGeneration < d.Generation {
		r.message = "the cluster has not observed the change yet"
		return r
	}
	progressing := condition(d, appsv1.DeploymentProgressing)
	if set == nil {
		r.message = "its new instances are not begun yet"
		if progressing != nil && progressing.Reason == "ReplicaSetCreateError" && !same(progressing, before) {
			r.trouble = &trouble{reason: progressing.Message, grace: transientGrace}
		}
		return r
	}
	r.set = set.Name
	for _, pod := range pods {
		if metav1.IsControlledBy(&pod, set) && pod.DeletionTimestamp == nil {
			r.pods = append(r.pods, pod)
		}
	}
	if s.UpdatedReplicas >= want && s.AvailableReplicas >= want && s.Replicas == s.UpdatedReplicas {
		r.ready = true
		return r
	}
	r.message = fmt.Sprintf("%d of %d new instances are ready", readyPods(r.pods), want)
	if old := s.Replicas - s.UpdatedReplicas; old > 0 {
		r.message += fmt.Sprintf(", %d of before are left", old)
	}
	if r.trouble = setTrouble(set); r.trouble == nil {
		r.trouble = podsTrouble(r.pods)
	}
	// After a stuck rollout, a Deployment may still have the condition of its old
	// ReplicaSet, although it has observed its new generation.
	if r.trouble == nil && progressing != nil && progressing.Reason == "ProgressDeadlineExceeded" &&
		strings.Contains(progressing.Message, `"`+set.Name+`"`) && !same(progressing, before) {
		r.trouble = &trouble{reason: fmt.Sprintf("there was no progress for %d seconds: %s", deadlineSeconds(d), r.message)}
	}
	if waiting := waitingMessage(r.pods); waiting != "" {
		r.message += ": " + waiting
		if r.trouble != nil && r.trouble.pod == "" && !strings.Contains(r.trouble.reason, waiting) && r.trouble.grace == 0 {
			r.trouble.reason += ": " + waiting
		}
	}
	if r.trouble != nil && r.trouble.grace > 0 {
		r.message = r.trouble.reason
	}
	return r
}

func deadlineSeconds(d *appsv1.Deployment) int32 {
	if d.Spec.ProgressDeadlineSeconds == nil {
		return 600 // Kubernetes' default
	}
	return *d.Spec.ProgressDeadlineSeconds
}

func condition(d *appsv1.Deployment, name appsv1.DeploymentConditionType) *appsv1.DeploymentCondition {
	for i := range d.Status.Conditions {
		if d.Status.Conditions[i].Type == name {
			return &d.Status.Conditions[i]
		}
	}
	return nil
}

func same(a, b *appsv1.DeploymentCondition) bool {
	return b != nil && a.Reason == b.Reason && a.Message == b.Message && a.LastUpdateTime.Equal(&b.LastUpdateTime)
}

// setTrouble returns why a ReplicaSet cannot create pods: a quota, an admission rule
// such as pod security's, a missing service account.
func setTrouble(set *appsv1.ReplicaSet) *trouble {
	i := slices.IndexFunc(set.Status.Conditions, func(c appsv1.ReplicaSetCondition) bool {
		return c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue
	})
	if i < 0 {
		return nil
	}
	return &trouble{reason: "its pods cannot be created: " + set.Status.Conditions[i].Message, grace: transientGrace / 2}
}
