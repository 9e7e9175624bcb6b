//go:build integration

package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestModelcar runs the images of a modelcar = true in pods as KServe 0.20 makes
// them of the InferenceService: with the model's image beside the server, as the
// images' user and as the one that KServe's settings have, and mounted.
func TestModelcar(t *testing.T) {
	node := shared.clusters.Node(t)
	u := &user{Project: lab.Example(t, shared.Parts, "../../examples/iris"), node: node}
	repository := node.Registry + "/modelcar"
	u.Write(t, "Deployfile", u.Read(t, "Deployfile")+fmt.Sprintf(`
[targets.car]
kind     = "kserve"
mode     = "raw"
image    = %q
modelcar = true
`, repository))
	u.run(t, u.builds("lock")...)
	pushed := func(target string) string {
		return repository + "@" + strings.TrimSpace(u.run(t, u.builds("build", "--target", target, "-t", repository+":"+target, "--push")...))
	}
	env, car := pushed("env"), pushed("modelcar")
	var service struct {
		Spec struct{ Predictor corev1.PodSpec }
	}
	rendered := u.run(t, "render", "car", "--image", env, "--model-image", car)
	if err := yaml.Unmarshal([]byte(rendered), &service); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(rendered, u.run(t, u.builds("render", "car")...)); d != "" {
		t.Errorf("render says something else when it builds:\n%s", d)
	}
	if got := service.Spec.Predictor.Containers[0].Image; got != env {
		t.Fatalf("the server's image is %s, built was %s", got, env)
	}
	var answers []string
	for name, pod := range map[string]struct {
		shape func(*corev1.PodSpec)
		level string
	}{
		"the images' user": {func(p *corev1.PodSpec) { asModelcar(p, nil) }, "baseline"},
		"KServe's user":    {func(p *corev1.PodSpec) { asModelcar(p, new(int64(1010))) }, "baseline"},
		"mounted":          {asImageVolume, "restricted"},
	} {
		t.Run(name, func(t *testing.T) {
			spec := service.Spec.Predictor.DeepCopy()
			pod.shape(spec)
			answers = append(answers, u.predictions(t, u.namespace(t, pod.level), spec))
		})
	}
	if t.Failed() {
		return
	}
	for _, answer := range answers {
		if d := cmp.Diff(`{"predictions": [0, 1, 2]}`, answer); d != "" {
			t.Error(d)
		}
	}
}

// asModelcar is what KServe does to a pod whose server has a STORAGE_URI oci://.
func asModelcar(pod *corev1.PodSpec, user *int64) {
	server := &pod.Containers[0]
	image := modelImage(server)
	server.Env = append(server.Env, corev1.EnvVar{Name: "MODEL_INIT_MODE", Value: "async"})
	const volume = "kserve-provision-location"
	mount := corev1.VolumeMount{Name: volume, MountPath: "/mnt"}
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}})
	server.VolumeMounts = append(server.VolumeMounts, mount)
	resources := corev1.ResourceList{"cpu": resource.MustParse("10m"), "memory": resource.MustParse("15Mi")}
	car := corev1.Container{
		Name: "modelcar", Image: image, VolumeMounts: []corev1.VolumeMount{mount},
		Args:      []string{"sh", "-c", "ln -sf /proc/$$$$/root/models /mnt/models && sleep infinity"},
		Resources: corev1.ResourceRequirements{Limits: resources, Requests: resources},
	}
	if user != nil {
		server.SecurityContext.RunAsUser = user
		car.SecurityContext = &corev1.SecurityContext{RunAsUser: user}
	}
	pod.Containers = append(pod.Containers, car)
	pod.InitContainers = append(pod.InitContainers, corev1.Container{
		Name: "modelcar-init", Image: image, Resources: car.Resources,
		Args: []string{"sh", "-c", `[ -d /models ] && [ "$$(ls -A /models)" ] || exit 1`},
	})
	pod.ShareProcessNamespace = new(true)
}

// asImageVolume is the same for an administrator's ociModelMode "native".
func asImageVolume(pod *corev1.PodSpec) {
	server := &pod.Containers[0]
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: "mnt-models", VolumeSource: corev1.VolumeSource{
		Image: &corev1.ImageVolumeSource{Reference: modelImage(server), PullPolicy: corev1.PullIfNotPresent},
	}})
	server.VolumeMounts = append(server.VolumeMounts, corev1.VolumeMount{Name: "mnt-models", MountPath: "/mnt/models", SubPath: "models", ReadOnly: true})
}

func modelImage(server *corev1.Container) string {
	for _, e := range server.Env {
		if e.Name == "STORAGE_URI" {
			return strings.TrimPrefix(e.Value, "oci://")
		}
	}
	return ""
}

// namespace makes a namespace of a level of pod security.
func (u *user) namespace(t *testing.T, level string) string {
	t.Helper()
	namespace := u.node.Namespace(t)
	patch := fmt.Sprintf(`{"metadata": {"labels": {"pod-security.kubernetes.io/enforce": %q}}}`, level)
	if _, err := u.node.Client.CoreV1().Namespaces().Patch(t.Context(), namespace, "application/merge-patch+json", []byte(patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	return namespace
}

// predictions runs a pod, and is its answer.
func (u *user) predictions(t *testing.T, namespace string, spec *corev1.PodSpec) string {
	t.Helper()
	pods := u.node.Client.CoreV1().Pods(namespace)
	pod, err := pods.Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "iris"}, Spec: *spec}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for !podReady(pod) {
		time.Sleep(500 * time.Millisecond)
		if pod, err = pods.Get(ctx, "iris", metav1.GetOptions{}); err != nil {
			u.logEvents(t, namespace)
			log, _ := pods.GetLogs("iris", &corev1.PodLogOptions{Container: "kserve-container"}).DoRaw(t.Context())
			t.Fatalf("%v\n%s", err, lab.Tail(string(log)))
		}
	}
	for _, c := range pod.Status.ContainerStatuses {
		if c.RestartCount > 1 {
			t.Errorf("container %s has started %d times", c.Name, c.RestartCount+1)
		}
	}
	res, err := u.client().Post(fmt.Sprintf("http://%s:8080/invocations", pod.Status.PodIP), "application/json", strings.NewReader(u.Read(t, input)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer json.RawMessage
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", res.Status, answer, err)
	}
	return string(answer)
}

func podReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
