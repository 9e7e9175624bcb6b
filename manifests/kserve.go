package manifests

import (
	"errors"
	"fmt"

	"github.com/deployfile/deployfile/imagespec"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// The part that is needed of KServe's InferenceService,
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

// kserve is the state as an InferenceService. It says only what is newest:
// KServe itself keeps the revision before, and shares the requests out.
func kserve(s State) ([]Document, error) {
	c, err := newCluster(s)
	if err != nil {
		return nil, err
	}
	fail := func(err error) ([]Document, error) {
		return nil, fmt.Errorf("target %q: %w", c.newest.Target.Name, err)
	}
	if err := accounts(c); err != nil {
		return fail(err)
	}
	service, err := c.inferenceService()
	if err != nil {
		return fail(err)
	}
	if err := c.add(c.newest, service); err != nil {
		return fail(err)
	}
	return c.documents()
}

func (c *cluster) inferenceService() (*inferenceService, error) {
	r := c.newest.Release
	raw := r.Target.Mode == "raw"
	if raw && c.state.Next != nil {
		return nil, fmt.Errorf("KServe's raw mode has nothing beside the live release: set mode to serverless, or strategy to rolling, not %s", r.Target.Strategy)
	}
	p, err := newPredictor(r, raw)
	if err != nil {
		return nil, err
	}
	meta := c.meta(c.endpoint())
	// KServe passes annotations on to the pods: what changes without them is left
	// out, or it would start them again.
	meta.Annotations = map[string]string{imagespec.KubernetesPrefix + "image": r.Image, kserveDeploymentMode: "Serverless"}
	if raw {
		meta.Annotations[kserveDeploymentMode] = "RawDeployment"
	}
	if next, ok := c.canary(); ok {
		p.CanaryTrafficPercent = &next.Target.Weight
	} else if _, ok := c.preview(); ok {
		p.CanaryTrafficPercent = new(0)
		meta.Annotations[kserveTagRouting] = "true"
	}
	return &inferenceService{
		TypeMeta:   metav1.TypeMeta{APIVersion: "serving.kserve.io/v1beta1", Kind: "InferenceService"},
		ObjectMeta: meta,
		Spec:       inferenceSpec{Predictor: *p},
	}, nil
}

// newPredictor is how KServe runs the image.
func newPredictor(r Release, raw bool) (*predictor, error) {
	if err := checkModelImage(r); err != nil {
		return nil, err
	}
	container, err := serverContainer(r)
	if err != nil {
		return nil, err
	}
	container.Name = "kserve-container"
	container.Ports[0].Name = "http1"
	port := intstr.FromInt(r.Port)
	container.StartupProbe, container.ReadinessProbe, container.LivenessProbe = probes(port)
	if !raw {
		// Knative sets the variable, drains the pods, and refuses to be told to.
		container.Env = withoutEnv(container.Env, "PORT")
		container.Lifecycle = nil
	}
	if r.Target.Modelcar {
		fromModelcar(&container, r.ModelImage)
		r.ModelImage = ""
	}
	p := &predictor{PodSpec: podSpec(r, container)}
	if raw {
		p.TerminationGracePeriodSeconds = new(int64(drainSeconds + 30))
	} else if *p.AutomountServiceAccountToken {
		// Knative only takes a no.
		p.AutomountServiceAccountToken = nil
	}
	return p, p.scale(r, raw)
}

// fromModelcar has KServe bring the model, as it does with a storageUri of a
// predictor of its own kinds,
// https://kserve.github.io/website/docs/model-serving/storage/providers/oci. It
// starts the image beside the server and links the model to modelcarMount, or
// mounts the image there. The link leads through /proc, where only who runs as the
// same user and group may go: so both run as their images say, which is the same.
func fromModelcar(c *corev1.Container, image string) {
	// MLflow takes a link for a way out of the folder above it, and one with a
	// slash for the folder.
	const modelcarMount = "/mnt/models/"
	c.Env = withEnv(withEnv(c.Env, "MODEL_PATH", modelcarMount), "STORAGE_URI", "oci://"+image)
	c.WorkingDir = ""
	c.SecurityContext.RunAsUser, c.SecurityContext.RunAsGroup = nil, nil
}

// scale says how many pods there are. What they follow by default is the use of
// the CPU in raw mode, and the requests at a time in serverless mode.
func (p *predictor) scale(r Release, raw bool) error {
	a := r.Target.Autoscale
	if a == nil {
		p.MinReplicas, p.MaxReplicas = new(int32(r.Target.Replicas)), int32(r.Target.Replicas)
		return nil
	}
	p.MinReplicas, p.MaxReplicas = new(int32(a.Min)), int32(a.Max)
	switch {
	case raw && a.Concurrency > 0:
		return errors.New("autoscale.concurrency is known to KServe's serverless mode only: leave it out, or set mode to serverless")
	case raw:
		p.ScaleTarget = new(int32(a.CPU))
	case a.Concurrency > 0:
		p.ScaleMetric, p.ScaleTarget = "concurrency", new(int32(a.Concurrency))
	}
	return nil
}
