package manifests

import (
	"strings"

	"github.com/deployfile/deployfile/imagespec"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	labelName      = "app.kubernetes.io/name"
	labelInstance  = "app.kubernetes.io/instance"
	labelVersion   = "app.kubernetes.io/version"
	labelComponent = "app.kubernetes.io/component"
	labelManagedBy = "app.kubernetes.io/managed-by"
	labelTrack     = imagespec.KubernetesPrefix + "track"
	labelSlot      = imagespec.KubernetesPrefix + "slot"
)

// labels are those of every object of a release.
func labels(r Release) map[string]string {
	l := map[string]string{
		labelName:      LabelValue(r.Model),
		labelInstance:  r.Target.Endpoint,
		labelManagedBy: "deployfile",
	}
	if v := LabelValue(r.Version); v != "" {
		l[labelVersion] = v
	}
	return l
}

// trackLabels are those of a slot's own objects.
func trackLabels(s Slot) map[string]string {
	l := labels(s.Release)
	l[labelTrack] = trackOf(s)
	return l
}

func trackOf(s Slot) string {
	if s.Track == "" {
		return "stable"
	}
	return s.Track
}

// trackSelector matches the pods of one slot.
func trackSelector(s Slot) map[string]string {
	return map[string]string{labelInstance: s.Target.Endpoint, labelTrack: trackOf(s)}
}

// slotSelector matches the pods that serve the same requests as the slot's.
func (c *cluster) slotSelector(s Slot) map[string]string {
	return map[string]string{labelInstance: c.endpoint(), labelSlot: c.slotOf(s)}
}

// annotations say what the slot runs and what it was made from.
func annotations(r Release) map[string]string {
	a := map[string]string{imagespec.KubernetesPrefix + "image": r.Image}
	if r.LockDigest != "" {
		a[imagespec.KubernetesPrefix+"lock"] = r.LockDigest
	}
	if r.FileDigest != "" {
		a[imagespec.KubernetesPrefix+"file"] = r.FileDigest
	}
	return a
}

// meta is that of an object that all slots share.
func (c *cluster) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: c.newest.Target.Namespace, Labels: labels(c.newest.Release)}
}

// LabelValue is the text as Kubernetes allows it for a label: at most 63
// letters, digits, '-', '_' and '.', the first and last a letter or a digit.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
func LabelValue(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '-'
	}, s)
	s = strings.TrimLeft(s, "-_.")
	if len(s) > 63 {
		s = s[:63]
	}
	return strings.TrimRight(s, "-_.")
}
