package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/publish"
)

// Status implements publish.Driver.
func (d driver) Status(ctx context.Context, records []publish.Record, newest *publish.Record) (*publish.Status, error) {
	var missing *NamespaceError
	if err := d.namespaceOf(ctx, records); errors.As(err, &missing) {
		return &publish.Status{Message: missing.Error()}, nil
	} else if err != nil {
		return nil, err
	}
	s := &publish.Status{}
	if len(records) == 0 {
		return s, nil
	}
	pods, err := d.pods(ctx, d.instances())
	if err != nil {
		return nil, err
	}
	for i := range pods {
		s.Instances = append(s.Instances, instance(&pods[i]))
	}
	if newest == nil {
		return s, nil
	}
	return s, d.served(ctx, *newest, s)
}

// served fills in whether a revision is ready, and its URL.
func (c *connection) served(ctx context.Context, r publish.Record, s *publish.Status) error {
	objects, err := c.known(ctx, r)
	if err != nil {
		return err
	}
	w := newWatch(c)
	s.Ready, s.Message = true, ""
	for _, o := range objects {
		stands, err := w.look(ctx, o)
		if err != nil {
			return err
		}
		if !stands.ready && s.Ready {
			s.Ready = false
			s.Message = fmt.Sprintf("%s: %s", o, stands.message)
			if stands.trouble != nil {
				s.Message = fmt.Sprintf("%s: %s", o, stands.trouble.reason)
			}
		}
		if s.URL == "" {
			live, err := c.get(ctx, o)
			if err != nil {
				return err
			}
			if live != nil {
				s.URL = url(live)
			}
		}
	}
	return nil
}

// server returns the container of a pod that answers requests: service meshes and
// Knative add others.
func server(pod *corev1.Pod) string {
	if name := pod.Annotations["kubectl.kubernetes.io/default-container"]; name != "" {
		return name
	}
	for _, c := range pod.Spec.Containers {
		if c.Name == "server" || c.Name == "kserve-container" {
			return c.Name
		}
	}
	return pod.Spec.Containers[0].Name
}

func instance(pod *corev1.Pod) publish.Instance {
	out := publish.Instance{Name: pod.Name, Ready: ready(pod), Message: podMessage(pod), Track: trackOf(pod.Labels)}
	name := server(pod)
	for _, c := range pod.Spec.Containers {
		if c.Name == name {
			out.Image = c.Image
		}
	}
	for _, c := range pod.Status.ContainerStatuses {
		if c.Name == name {
			out.Restarts = int(c.RestartCount)
		}
	}
	return out
}

// trackOf returns the track that labels have, as in manifests.Slot.
func trackOf(labels map[string]string) string { return cluster.TrackOfLabel(labels[labelTrack]) }

// url returns the URL of an object outside the cluster, "" if it has none.
func url(live *unstructured.Unstructured) string {
	switch live.GetKind() {
	case "InferenceService":
		address, _, _ := unstructured.NestedString(live.Object, "status", "url")
		return address
	case "HTTPRoute":
		hosts, _, _ := unstructured.NestedStringSlice(live.Object, "spec", "hostnames")
		if len(hosts) > 0 && !strings.Contains(hosts[0], "*") {
			return "http://" + hosts[0]
		}
	case "Ingress":
		rules, _, _ := unstructured.NestedSlice(live.Object, "spec", "rules")
		secure, _, _ := unstructured.NestedSlice(live.Object, "spec", "tls")
		for _, r := range rules {
			rule, _ := r.(map[string]any)
			host, _ := rule["host"].(string)
			switch {
			case host == "":
			case len(secure) > 0:
				return "https://" + host
			default:
				return "http://" + host
			}
		}
	}
	return ""
}

// readyPod returns a ready pod of the live slot: one that runs the release's image,
// unless the cluster names that image differently.
func (c *connection) readyPod(ctx context.Context, live manifests.Slot) (*corev1.Pod, error) {
	pods, err := c.pods(ctx, c.instances())
	if err != nil {
		return nil, err
	}
	// During a rollout, newer ones live longer.
	slices.SortStableFunc(pods, func(a, b corev1.Pod) int { return b.CreationTimestamp.Compare(a.CreationTimestamp.Time) })
	why := "it has no pods"
	var found *corev1.Pod
	for i := range pods {
		pod := &pods[i]
		if _, tracked := pod.Labels[labelTrack]; tracked && trackOf(pod.Labels) != live.Track {
			continue
		}
		switch {
		case !ready(pod):
			why = podMessage(pod)
		case instance(pod).Image == live.Image:
			return pod, nil
		case found == nil:
			found = pod
		}
	}
	if found == nil {
		return nil, fmt.Errorf("no instance of %s is ready: %s", c.endpoint, why)
	}
	return found, nil
}
