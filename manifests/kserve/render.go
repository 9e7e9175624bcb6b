package kserve

import (
	"slices"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// The needed part of KServe's InferenceService,
// https://kserve.github.io/website/docs/reference/crd-api.
type (
	inferenceService struct {
		metav1.TypeMeta   `json:",inline"`
		metav1.ObjectMeta `json:"metadata"`
		Spec              inferenceSpec `json:"spec"`
	}
	inferenceSpec struct {
		Predictor predictor `json:"predictor"`
	}
	predictor struct {
		corev1.PodSpec       `json:",inline"`
		MinReplicas          *int32 `json:"minReplicas,omitempty"`
		MaxReplicas          int32  `json:"maxReplicas,omitempty"`
		ScaleMetric          string `json:"scaleMetric,omitempty"`
		ScaleTarget          *int32 `json:"scaleTarget,omitempty"`
		CanaryTrafficPercent *int   `json:"canaryTrafficPercent,omitempty"`
	}
)

const (
	kserveDeploymentMode = "serving.kserve.io/deploymentMode"
	kserveTagRouting     = "serving.kserve.io/enable-tag-routing"
)

// Render implements manifests.Spec: the state as an InferenceService. It has only the
// newest release: KServe itself keeps the previous revision and splits the traffic.
func (s *Spec) Render(state manifests.State) ([]manifests.Document, error) {
	c, err := cluster.New(state)
	if err != nil {
		return nil, err
	}
	if err := c.AddAccounts(); err != nil {
		return nil, err
	}
	service, err := s.inferenceService(c)
	if err != nil {
		return nil, err
	}
	if err := c.Add(c.Newest, service); err != nil {
		return nil, err
	}
	return c.Documents()
}

func (s *Spec) inferenceService(c *cluster.Objects) (*inferenceService, error) {
	r, raw := c.Newest.Release, s.Mode == ModeRaw
	p, err := s.newPredictor(r)
	if err != nil {
		return nil, err
	}
	meta := c.Meta(c.Endpoint())
	// KServe copies annotations to the pods, so those that change without the pods are
	// left out: they would restart them.
	meta.Annotations = map[string]string{imagespec.KubernetesPrefix + "image": r.Image, kserveDeploymentMode: "Serverless"}
	if raw {
		meta.Annotations[kserveDeploymentMode] = "RawDeployment"
	}
	if _, ok := c.Canary(); ok {
		p.CanaryTrafficPercent = &s.Weight
	} else if _, ok := c.Preview(); ok {
		p.CanaryTrafficPercent = new(0)
		meta.Annotations[kserveTagRouting] = "true"
	}
	return &inferenceService{
		TypeMeta:   metav1.TypeMeta{APIVersion: "serving.kserve.io/v1beta1", Kind: "InferenceService"},
		ObjectMeta: meta,
		Spec:       inferenceSpec{Predictor: *p},
	}, nil
}

// newPredictor returns the predictor that runs the image.
func (s *Spec) newPredictor(r manifests.Release) (*predictor, error) {
	if err := cluster.CheckModelImage(r); err != nil {
		return nil, err
	}
	container, err := cluster.ServerContainer(r)
	if err != nil {
		return nil, err
	}
	container.Name = "kserve-container"
	container.Ports[0].Name = "http1"
	port := intstr.FromInt(r.Port)
	container.StartupProbe, container.ReadinessProbe, container.LivenessProbe = cluster.Probes(port)
	raw := s.Mode == ModeRaw
	if !raw {
		// Knative sets the variable and drains the pods itself, and rejects both here.
		container.Env = cluster.WithoutEnv(container.Env, "PORT")
		container.Lifecycle = nil
	}
	if slices.Contains(r.Protocols, "v2") {
		// By the first KServe tells protocols apart, and it calls a model as its service.
		for _, v := range [][2]string{{"PROTOCOL", "v2"}, {"MODEL_NAME", r.Target.Endpoint}} {
			if !slices.ContainsFunc(container.Env, func(e corev1.EnvVar) bool { return e.Name == v[0] }) {
				container.Env = cluster.WithEnv(container.Env, v[0], v[1])
			}
		}
	}
	if s.Modelcar {
		fromModelcar(&container, r.ModelImage)
		r.ModelImage = ""
	}
	p := &predictor{PodSpec: cluster.PodSpec(r, container)}
	if raw {
		p.TerminationGracePeriodSeconds = new(int64(cluster.GracePeriod))
	} else if *p.AutomountServiceAccountToken {
		// Knative accepts only false.
		p.AutomountServiceAccountToken = nil
	}
	s.scale(p)
	return p, nil
}

// fromModelcar has KServe bring the model, as it does with a storageUri of a
// predictor of its own kinds,
// https://kserve.github.io/website/docs/model-serving/storage/providers/oci. It
// starts the image beside the server and links the model to modelcarMount, or
// mounts the image there. The link leads through /proc, where only who runs as the
// same user and group may go: so both run as their images say, which is the same.
func fromModelcar(c *corev1.Container, image string) {
	// MLflow takes a link for a way out of the directory above it, and one with a
	// slash for the directory.
	const modelcarMount = "/mnt/models/"
	c.Env = cluster.WithEnv(cluster.WithEnv(c.Env, "MODEL_PATH", modelcarMount), "STORAGE_URI", "oci://"+image)
	c.WorkingDir = ""
	c.SecurityContext.RunAsUser, c.SecurityContext.RunAsGroup = nil, nil
}

// scale says how many pods there are. What they follow by default is the use of
// the CPU in raw mode, and the requests at a time in serverless mode.
func (s *Spec) scale(p *predictor) {
	a := s.Autoscale
	if a == nil {
		p.MinReplicas, p.MaxReplicas = new(int32(s.Replicas)), int32(s.Replicas)
		return
	}
	p.MinReplicas, p.MaxReplicas = new(int32(a.Min)), int32(a.Max)
	switch {
	case s.Mode == ModeRaw:
		p.ScaleTarget = new(int32(a.CPU))
	case a.Concurrency > 0:
		p.ScaleMetric, p.ScaleTarget = "concurrency", new(int32(a.Concurrency))
	}
}
