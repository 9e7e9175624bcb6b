package manifests_test

import (
	"strings"
	"testing"

	. "github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/manifests/kserve"
)

// onKServe makes a release of kind kserve, with the keys that it has so far.
func onKServe(r *Release) {
	r.Target.Kind, r.Target.Spec = "kserve", &kserve.Spec{Pod: *pod(r), Mode: kserve.ModeServerless}
}

func serving(r *Release) *kserve.Spec {
	s, _ := r.Target.Spec.(*kserve.Spec)
	return s
}

func raw(r *Release) {
	serving(r).Mode = kserve.ModeRaw
}

func autoscaled(a kserve.Autoscale) func(*Release) {
	return func(r *Release) { serving(r).Replicas, serving(r).Autoscale = 0, &a }
}

func modelVolume(r *Release) {
	pod(r).ModelVolume, r.ModelImage = true, "registry.example.com/iris-model@"+digest("6")
}

func modelcar(r *Release) {
	serving(r).Modelcar, r.ModelImage = true, "registry.example.com/iris-model@"+digest("6")
}

func concurrency(r *Release) {
	autoscaled(kserve.Autoscale{Autoscale: cluster.Autoscale{Min: 0, Max: 5}, Concurrency: 4})(r)
}

func kserveFull(r *Release) {
	t := serving(r)
	t.Env = map[string]string{"OMP_NUM_THREADS": "1", "PORT": "1"}
	t.Resources = resources("1", "2Gi", 1)
	t.EnvFrom = []string{"secret/iris-credentials"}
	t.ImagePullSecrets = []string{"registry"}
	t.ServiceAccount = &cluster.ServiceAccount{Name: "iris-reader", Create: true}
	t.NodeSelector = map[string]string{"disk": "ssd"}
	t.Tolerations = []cluster.Toleration{{Key: "spot"}}
	t.Patches = []cluster.Patch{
		{Kind: "InferenceService", Patch: "spec: {predictor: {maxReplicas: 7}}"},
		{Kind: "InferenceService", Name: "iris-prod", Patch: `[{"op": "add", "path": "/spec/predictor/containers/0/env/-", "value": {"name": "A", "value": "1"}}]`},
	}
}

func kserveStates() map[string]State {
	release := func(changes ...func(*Release)) Release {
		return clusterRelease(both(append([]func(*Release){onKServe}, changes...)...))
	}
	next := func(s State, changes ...func(*Release)) State {
		return Deployed(&s, nextRelease(both(append([]func(*Release){onKServe}, changes...)...)))
	}
	promoted := func(s State) State {
		p, _ := Promoted(s)
		return p
	}
	first := live(release())
	return map[string]State{
		"serverless":             first,
		"serverless-concurrency": live(release(concurrency)),
		"serverless-cpu":         live(release(autoscaled(kserve.Autoscale{Autoscale: cluster.Autoscale{Min: 1, Max: 5}}))),
		"full":                   live(release(kserveFull)),
		"raw":                    live(release(raw)),
		"v2":                     live(release(func(r *Release) { r.Protocols = []string{"v2"} })),
		"v2-named": live(release(func(r *Release) {
			r.Protocols, serving(r).Env = []string{"v2"}, map[string]string{"MODEL_NAME": "flowers"}
		})),
		"raw-full":             live(release(kserveFull, raw)),
		"raw-autoscale":        live(release(raw, autoscaled(kserve.Autoscale{Autoscale: cluster.Autoscale{Min: 1, Max: 5, CPU: 70}}), func(r *Release) { pod(r).Resources.CPU = "1" })),
		"canary":               next(first, canary(10, 1)),
		"canary-promoted":      promoted(next(first, canary(10, 1))),
		"blue-green":           next(first, blueGreen),
		"model-volume":         live(release(modelVolume)),
		"raw-model-volume":     live(release(raw, modelVolume)),
		"modelcar":             live(release(modelcar)),
		"raw-modelcar":         live(release(raw, modelcar)),
		"serverless-no-digest": live(release(func(r *Release) { r.LockDigest, r.FileDigest, r.Version = "", "", "" })),
	}
}

func TestKServe(t *testing.T) {
	for name, state := range kserveStates() {
		t.Run(name, func(t *testing.T) { goldenState(t, "kserve-"+name+".yaml", state) })
	}
}

func TestKServeErrors(t *testing.T) {
	release := func(changes ...func(*Release)) Release {
		return clusterRelease(both(append([]func(*Release){onKServe}, changes...)...))
	}
	for name, x := range map[string]struct {
		state State
		want  string
	}{
		"a raw canary":         {Deployed(new(live(release(raw))), nextRelease(both(onKServe, raw, canary(10, 1)))), `strategy "canary" is not for mode "raw"`},
		"concurrency when raw": {live(release(raw, concurrency, func(r *Release) { pod(r).Resources.CPU = "1" })), `autoscale.concurrency is only for mode "serverless"`},
		"an image id":          {live(release(func(r *Release) { r.Image = digest("1") })), "registry"},
		"no model":             {live(release(func(r *Release) { pod(r).ModelVolume = true })), "build the model's own image"},
		"no modelcar":          {live(release(func(r *Release) { serving(r).Modelcar = true })), "modelcar is set, and the image"},
		"user":                 {live(release(func(r *Release) { r.User = "me" })), "not numeric"},
		"account": {live(release(func(r *Release) {
			pod(r).ServiceAccount = &cluster.ServiceAccount{Create: true}
		})), "service-account.name is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Render(x.state)
			if err == nil || !strings.Contains(err.Error(), `target "prod": `) || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v, want %q", err, x.want)
			}
		})
	}
}

// TestKServeRollout shows that a promotion, or another comment, makes no new
// revision: KServe passes labels, annotations and the predictor on to Knative.
func TestKServeRollout(t *testing.T) {
	service := func(s State) map[string]any {
		content := parse(t, render(t, s)[0])
		predictor := at[map[string]any](t, content, "spec", "predictor")
		delete(predictor, "canaryTrafficPercent")
		return content
	}
	first := live(clusterRelease(onKServe))
	beside := Deployed(&first, nextRelease(both(onKServe, canary(10, 1))))
	promoted, _ := Promoted(beside)
	equal(t, "promoted", service(beside), service(promoted))
	equal(t, "another comment", service(first), service(live(clusterRelease(both(onKServe, func(r *Release) { r.FileDigest, r.LockDigest = digest("8"), digest("9") })))))
}
