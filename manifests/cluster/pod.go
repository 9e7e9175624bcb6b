package cluster

import (
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/manifests"
	corev1 "k8s.io/api/core/v1"
)

// PodSpec returns the pod of a release, with what the server and a batch have in
// common. It follows the "restricted" pod security standard,
// https://kubernetes.io/docs/concepts/security/pod-security-standards/.
func PodSpec(r manifests.Release, container corev1.Container) corev1.PodSpec {
	t := PodOf(r)
	spec := corev1.PodSpec{
		AutomountServiceAccountToken: new(t.ServiceAccount != nil),
		// A Service named mlflow, for example, would set MLFLOW_PORT.
		EnableServiceLinks: new(false),
		NodeSelector:       t.NodeSelector,
	}
	if t.ServiceAccount != nil {
		spec.ServiceAccountName = t.ServiceAccount.Name
	}
	for _, name := range t.ImagePullSecrets {
		spec.ImagePullSecrets = append(spec.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
	}
	for _, toleration := range t.Tolerations {
		spec.Tolerations = append(spec.Tolerations, tolerationOf(toleration))
	}
	temporary := corev1.Volume{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}
	spec.Volumes = append(spec.Volumes, temporary)
	container.VolumeMounts = append(container.VolumeMounts, corev1.VolumeMount{Name: temporary.Name, MountPath: "/tmp"})
	if r.ModelImage != "" {
		model := corev1.Volume{Name: "model", VolumeSource: corev1.VolumeSource{
			Image: &corev1.ImageVolumeSource{Reference: r.ModelImage, PullPolicy: corev1.PullIfNotPresent},
		}}
		spec.Volumes = append(spec.Volumes, model)
		mount := corev1.VolumeMount{Name: model.Name, MountPath: imagespec.ModelDir, ReadOnly: true}
		if r.Target.ModelApart() == deployfile.Modelcar {
			mount.SubPath = strings.TrimPrefix(imagespec.ModelcarDir, "/")
		}
		container.VolumeMounts = append(container.VolumeMounts, mount)
	}
	spec.Containers = []corev1.Container{container}
	return spec
}

func tolerationOf(t Toleration) corev1.Toleration {
	out := corev1.Toleration{Key: t.Key, Operator: corev1.TolerationOpEqual, Value: t.Value, Effect: corev1.TaintEffect(t.Effect)}
	if t.Value == "" {
		out.Operator = corev1.TolerationOpExists
	}
	return out
}

// CheckModelImage returns an error if the release lacks its model image.
func CheckModelImage(r manifests.Release) error {
	key := r.Target.ModelApart()
	if (key != "") == (r.ModelImage != "") {
		return nil
	}
	if key != "" {
		return fmt.Errorf("%s is set, and the image %s was built with the model in it: build the model's own image, too", key, r.Image)
	}
	return fmt.Errorf("the image %s was built without the model: set model-volume", r.Image)
}

// envFrom parses "secret/NAME" and "config-map/NAME".
func envFrom(sources []string) []corev1.EnvFromSource {
	var out []corev1.EnvFromSource
	for _, source := range sources {
		kind, name, _ := strings.Cut(source, "/")
		object := corev1.LocalObjectReference{Name: name}
		if kind == "secret" {
			out = append(out, corev1.EnvFromSource{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: object}})
		} else {
			out = append(out, corev1.EnvFromSource{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: object}})
		}
	}
	return out
}
