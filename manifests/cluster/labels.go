package cluster

import (
	"cmp"
	"strings"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/manifests"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The labels of objects. Those of app.kubernetes.io are
// https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/.
const (
	// LabelName is the model, LabelInstance the endpoint, LabelVersion the
	// model's version.
	LabelName      = "app.kubernetes.io/name"
	LabelInstance  = "app.kubernetes.io/instance"
	LabelVersion   = "app.kubernetes.io/version"
	LabelComponent = "app.kubernetes.io/component"
	// LabelManagedBy is Manager for all that deployfile made.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// LabelTrack distinguishes the pods of the slots, see TrackLabel. The endpoint's
	// Service selects by LabelSlot.
	LabelTrack = imagespec.KubernetesPrefix + "track"
	LabelSlot  = imagespec.KubernetesPrefix + "slot"
)

// Manager is the value of LabelManagedBy.
const Manager = "deployfile"

// stableTrack is the value of LabelTrack for a slot without a track.
const stableTrack = "stable"

// labels returns the labels of every object of a release.
func labels(r manifests.Release) map[string]string {
	l := map[string]string{
		LabelName:      LabelValue(r.Model),
		LabelInstance:  r.Target.Endpoint,
		LabelManagedBy: Manager,
	}
	if v := LabelValue(r.Version); v != "" {
		l[LabelVersion] = v
	}
	return l
}

// TrackLabels returns the labels of a slot's own objects.
func TrackLabels(s manifests.Slot) map[string]string {
	l := labels(s.Release)
	l[LabelTrack] = trackOf(s)
	return l
}

func trackOf(s manifests.Slot) string { return cmp.Or(s.Track, stableTrack) }

// TrackOfLabel returns the track of the slot whose objects have that LabelTrack.
func TrackOfLabel(value string) string {
	if value == stableTrack {
		return ""
	}
	return value
}

// TrackSelector matches the pods of one slot.
func TrackSelector(s manifests.Slot) map[string]string {
	return map[string]string{LabelInstance: s.Target.Endpoint, LabelTrack: trackOf(s)}
}

// SlotSelector matches all pods that serve the slot's share of the requests.
func (c *Objects) SlotSelector(s manifests.Slot) map[string]string {
	return map[string]string{LabelInstance: c.Endpoint(), LabelSlot: c.SlotOf(s)}
}

// Annotations returns what the slot runs and what it was built from.
func Annotations(r manifests.Release) map[string]string {
	a := map[string]string{imagespec.KubernetesPrefix + "image": r.Image}
	if r.LockDigest != "" {
		a[imagespec.KubernetesPrefix+"lock"] = r.LockDigest
	}
	if r.FileDigest != "" {
		a[imagespec.KubernetesPrefix+"file"] = r.FileDigest
	}
	return a
}

// Meta returns the metadata of an object that all slots share.
func (c *Objects) Meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: PodOf(c.Newest.Release).Namespace, Labels: labels(c.Newest.Release)}
}

// LabelValue returns the text as Kubernetes allows it for a label: at most 63
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
