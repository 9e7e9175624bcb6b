package cluster

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/manifests"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// PortName is the name of the server's port in objects.
const PortName = "http"

// imageContainer returns a container of the release's image, with what the server
// and a batch have in common.
func imageContainer(name string, r manifests.Release) (corev1.Container, error) {
	pod := PodOf(r)
	security, err := securityContext(r.User)
	if err != nil {
		return corev1.Container{}, err
	}
	return corev1.Container{
		Name:            name,
		Image:           r.Image,
		ImagePullPolicy: corev1.PullIfNotPresent,
		Env:             envVars(pod.Variables()),
		EnvFrom:         envFrom(pod.EnvFrom),
		Resources:       resourceRequirements(pod.Resources),
		SecurityContext: security,
	}, nil
}

// ServerContainer returns the container in which the model's server runs.
func ServerContainer(r manifests.Release) (corev1.Container, error) {
	c, err := imageContainer("server", r)
	if err != nil {
		return c, err
	}
	c.Env = WithEnv(c.Env, "PORT", strconv.Itoa(r.Port))
	c.Ports = []corev1.ContainerPort{{Name: PortName, ContainerPort: int32(r.Port), Protocol: corev1.ProtocolTCP}}
	c.StartupProbe, c.ReadinessProbe, c.LivenessProbe = Probes(intstr.FromString(PortName))
	c.Lifecycle = &corev1.Lifecycle{PreStop: drain(r)}
	if r.ModelImage != "" {
		// An environment's image starts Python, and not the server.
		c.Args, c.WorkingDir = []string{"serve"}, cmp.Or(r.WorkingDir, imagespec.ModelDir)
	}
	return c, nil
}

// StartupSeconds is how long a model may take to load: big ones take minutes.
const StartupSeconds = 600

// Probes poll MLflow's health route. A server under load answers late. If it lost its
// traffic for that, the other servers would get its requests and fail the same way. So
// the readiness and liveness probes are patient; a server that has exited is noticed
// without them.
func Probes(port intstr.IntOrString) (startup, readiness, liveness *corev1.Probe) {
	probe := func(period, failures int32) *corev1.Probe {
		return &corev1.Probe{
			ProbeHandler:     corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ping", Port: port}},
			PeriodSeconds:    period,
			TimeoutSeconds:   10,
			FailureThreshold: failures,
		}
	}
	const soon = 2
	return probe(soon, StartupSeconds/soon), probe(readinessPeriod, 6), probe(20, 6)
}

// securityContext returns the context of the "restricted" pod security standard, for the
// user "uid[:gid]" or, where that is "", the image's own. Whoever makes it 0
// wants root.
func securityContext(user string) (*corev1.SecurityContext, error) {
	s := &corev1.SecurityContext{
		AllowPrivilegeEscalation: new(false),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		ReadOnlyRootFilesystem:   new(true),
		RunAsNonRoot:             new(true),
		SeccompProfile:           &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	if user == "" {
		return s, nil
	}
	uid, gid, hasGroup := strings.Cut(user, ":")
	id, err := strconv.ParseInt(uid, 10, 64)
	if err == nil {
		s.RunAsUser = &id
		s.RunAsNonRoot = new(id != 0)
		if hasGroup {
			var group int64
			group, err = strconv.ParseInt(gid, 10, 64)
			s.RunAsGroup = &group
		}
	}
	if err != nil {
		return nil, fmt.Errorf(`the image's user %q is not numeric, "uid" or "uid:gid": a cluster cannot tell whether it is root`, user)
	}
	return s, nil
}

// resourceRequirements lets a container use idle CPU, but never more memory than it
// requested.
func resourceRequirements(r PodResources) corev1.ResourceRequirements {
	requests, limits := corev1.ResourceList{}, corev1.ResourceList{}
	cpu, memory := r.Quantities()
	if !cpu.IsZero() {
		requests[corev1.ResourceCPU] = cpu
	}
	if !memory.IsZero() {
		requests[corev1.ResourceMemory], limits[corev1.ResourceMemory] = memory, memory
	}
	if r.GPUs > 0 {
		limits[corev1.ResourceName(r.GPUResource)] = *resource.NewQuantity(int64(r.GPUs), resource.DecimalSI)
	}
	return corev1.ResourceRequirements{Requests: requests, Limits: limits}
}

// envVars returns variables in the order of their names.
func envVars(env map[string]string) []corev1.EnvVar {
	var out []corev1.EnvVar
	for _, name := range slices.Sorted(maps.Keys(env)) {
		out = append(out, corev1.EnvVar{Name: name, Value: literal(env[name])})
	}
	return out
}

// WithEnv sets a variable, replacing one of that name.
func WithEnv(env []corev1.EnvVar, name, value string) []corev1.EnvVar {
	return append(WithoutEnv(env, name), corev1.EnvVar{Name: name, Value: literal(value)})
}

// WithoutEnv removes a variable.
func WithoutEnv(env []corev1.EnvVar, name string) []corev1.EnvVar {
	return slices.DeleteFunc(env, func(v corev1.EnvVar) bool { return v.Name == name })
}

// literal escapes "$(NAME)", which Kubernetes, unlike other targets, expands in values
// and arguments.
func literal(s string) string { return strings.ReplaceAll(s, "$", "$$") }
