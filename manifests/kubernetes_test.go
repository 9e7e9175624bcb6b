package manifests_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	. "github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/cluster"
	"github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/google/go-cmp/cmp"
)

func digest(digit string) string { return "sha256:" + strings.Repeat(digit, 64) }

// clusterRelease returns a release for a cluster, with what decoding a Deployfile
// would have filled in.
func clusterRelease(change func(*Release)) Release {
	r := Release{
		Model: "iris", Version: "3",
		Target: deployfile.Target{
			Name: "prod", Kind: "kubernetes", Endpoint: "iris-prod", Image: "registry.example.com/iris", Port: 8080,
			Spec: &kubernetes.Spec{Pod: cluster.Pod{Namespace: "models", Replicas: 1}},
		},
		Image:      "registry.example.com/iris@" + digest("1"),
		Port:       8080,
		User:       "65532:65532",
		LockDigest: digest("2"), FileDigest: digest("3"),
	}
	if change != nil {
		change(&r)
	}
	return r
}

// pod returns the keys of a release that all kinds on a cluster have, kube those of
// one of kind kubernetes.
func pod(r *Release) *cluster.Pod { return cluster.PodOf(*r) }

func kube(r *Release) *kubernetes.Spec {
	s, _ := r.Target.Spec.(*kubernetes.Spec)
	return s
}

// nextRelease is another one of the same endpoint.
func nextRelease(change func(*Release)) Release {
	return clusterRelease(func(r *Release) {
		r.Version, r.Image, r.LockDigest = "4", "registry.example.com/iris@"+digest("4"), digest("5")
		if change != nil {
			change(r)
		}
	})
}

func live(r Release) State { return State{Live: Slot{Release: r}} }

func everything(r *Release) {
	r.Target.Port = 80
	t := kube(r)
	t.Env = map[string]string{"OMP_NUM_THREADS": "1", "GREETING": "$(HOME) costs $5", "PORT": "1"}
	t.Resources = resources("500m", "2Gi", 0)
	t.Replicas, t.Autoscale = 0, &cluster.Autoscale{Min: 3, Max: 10, CPU: 70}
	t.EnvFrom = []string{"secret/iris-credentials", "config-map/iris-settings"}
	t.ImagePullSecrets = []string{"registry"}
	t.ServiceAccount = &cluster.ServiceAccount{Name: "iris.reader", Create: true, Annotations: map[string]string{"cloud.example.com/role": "reader"}}
	t.NodeSelector = map[string]string{"disk": "ssd"}
	t.Tolerations = []cluster.Toleration{{Key: "models", Value: "only", Effect: "NoSchedule"}, {Key: "spot"}, {}}
	t.TopologySpread = []string{"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
	t.Ingress = &kubernetes.Ingress{Host: "iris.example.com", Path: "/", Class: "nginx", TLSSecret: "iris-tls"}
	t.HTTPRoute = &kubernetes.HTTPRoute{Gateway: "gateways/public", Hosts: []string{"iris.example.com"}, Path: "/iris"}
	t.MinAvailable = "50%"
	t.AllowFrom = []string{"web", "gateways"}
}

func resources(cpu, memory string, gpus int) cluster.PodResources {
	r := cluster.PodResources{Resources: Resources{CPU: cpu, Memory: memory, GPUs: gpus}}
	if gpus > 0 {
		r.GPUResource = "nvidia.com/gpu"
	}
	return r
}

func canary(weight, replicas int) func(*Release) {
	return func(r *Release) {
		pod(r).Strategy, pod(r).Weight, pod(r).Replicas = "canary", weight, replicas
	}
}

func blueGreen(r *Release) { pod(r).Strategy = "blue-green" }

func routed(r *Release) { kube(r).HTTPRoute = &kubernetes.HTTPRoute{Gateway: "public", Path: "/"} }

func both(changes ...func(*Release)) func(*Release) {
	return func(r *Release) {
		for _, change := range changes {
			change(r)
		}
	}
}

// clusterStates returns the cases of the golden files.
func clusterStates() map[string]State {
	beside := func(current *State, change func(*Release)) State { return Deployed(current, nextRelease(change)) }
	promoted := func(s State) State {
		p, _ := Promoted(s)
		return p
	}
	first := live(clusterRelease(nil))
	three := live(clusterRelease(canary(10, 3)))
	onBlue := promoted(beside(&first, blueGreen))
	autoscaled := both(canary(20, 1), routed, func(r *Release) {
		pod(r).Replicas, kube(r).Autoscale = 0, &cluster.Autoscale{Min: 2, Max: 20, CPU: 80}
		pod(r).Resources.CPU = "1"
	})
	return map[string]State{
		"minimal":               first,
		"bare":                  live(Release{Model: "iris", Target: deployfile.Target{Name: "prod", Kind: "kubernetes", Endpoint: "iris", Port: 8080, Spec: &kubernetes.Spec{}}, Image: "iris@" + digest("1"), Port: 8080}),
		"everything":            live(clusterRelease(everything)),
		"canary":                beside(&three, canary(10, 3)),
		"canary-half":           beside(&three, canary(50, 3)),
		"canary-http-route":     beside(&three, both(canary(10, 15), routed)),
		"canary-autoscale":      beside(&three, autoscaled),
		"canary-promoted":       promoted(beside(&three, both(canary(10, 3), routed))),
		"canary-beside-blue":    Deployed(&onBlue, clusterRelease(both(canary(25, 1), routed))),
		"canary-accounts":       beside(new(live(clusterRelease(everything))), canary(10, 3)),
		"blue-green":            beside(&first, both(blueGreen, func(r *Release) { kube(r).Ingress = &kubernetes.Ingress{Host: "iris.example.com", Path: "/"} })),
		"blue-green-promoted":   onBlue,
		"blue-green-to-green":   Deployed(&onBlue, clusterRelease(both(blueGreen, func(r *Release) { r.Version = "5" }))),
		"blue-green-to-rolling": Deployed(&onBlue, clusterRelease(nil)),
		"model-volume": live(clusterRelease(func(r *Release) {
			pod(r).ModelVolume, r.ModelImage = true, "registry.example.com/iris-model@"+digest("6")
		})),
		"gpus": live(clusterRelease(func(r *Release) { pod(r).Resources = resources("", "16Gi", 2) })),
		"gpus-of-other": live(clusterRelease(func(r *Release) {
			pod(r).Resources = resources("", "", 1)
			pod(r).Resources.GPUResource = "amd.com/gpu"
		})),
		"root":          live(clusterRelease(func(r *Release) { r.User = "0" })),
		"account-there": live(clusterRelease(func(r *Release) { pod(r).ServiceAccount = &cluster.ServiceAccount{Name: "reader"} })),
		"allow-all":     live(clusterRelease(func(r *Release) { kube(r).AllowFrom = []string{"*"} })),
		"patched":       live(clusterRelease(patchedRelease)),
		"patched-live":  beside(new(live(clusterRelease(both(canary(10, 1), patchedRelease)))), canary(10, 1)),
	}
}

func patchedRelease(r *Release) {
	pod(r).Resources.CPU = "1"
	pod(r).Replicas, kube(r).Autoscale = 0, &cluster.Autoscale{Min: 1, Max: 4, CPU: 80}
	kube(r).HTTPRoute = &kubernetes.HTTPRoute{Gateway: "public", Path: "/"}
	pod(r).Patches = []cluster.Patch{
		{Kind: "Deployment", Patch: `
spec:
  progressDeadlineSeconds: 60
  template:
    spec:
      priorityClassName: high
      containers:
        - name: server
          env:
            - name: NODE
              valueFrom: {fieldRef: {fieldPath: spec.nodeName}}
      volumes:
        - name: tmp
          emptyDir: {sizeLimit: 1Gi}
`},
		{Kind: "Deployment", Name: "iris-prod-canary", Patch: `{"spec": {"minReadySeconds": 60}}`},
		{Kind: "Service", Name: "iris-prod", Patch: `{"metadata": {"annotations": {"example.com/team": "models"}}}`},
		{Kind: "HorizontalPodAutoscaler", Patch: `
- op: add
  path: /spec/behavior
  value: {scaleDown: {stabilizationWindowSeconds: 600}}
`},
		{Kind: "HTTPRoute", Patch: `{spec: {rules: null, hostnames: [iris.example.com]}}`},
		{Kind: "HTTPRoute", Name: "iris-prod", Patch: `[{"op": "remove", "path": "/metadata/labels/app.kubernetes.io~1version"}]`},
	}
}

func TestKubernetes(t *testing.T) {
	for name, state := range clusterStates() {
		t.Run(name, func(t *testing.T) { goldenState(t, "kubernetes-"+name+".yaml", state) })
	}
}

// goldenState renders a state as often as it takes to see that it always comes
// out the same, and checks what can be checked of every state.
func goldenState(t *testing.T, file string, state State) {
	t.Helper()
	documents, err := Render(state)
	if err != nil {
		t.Fatal(err)
	}
	for range 25 {
		again, err := Render(state)
		if err != nil {
			t.Fatal(err)
		}
		if want, got := joined(documents), joined(again); !bytes.Equal(want, got) {
			t.Fatalf("rendered again:\n%s", cmp.Diff(string(want), string(got)))
		}
	}
	names := map[string]bool{}
	for _, d := range documents {
		if names[d.Name] {
			t.Errorf("two documents are called %s", d.Name)
		}
		names[d.Name] = true
		strict(t, d)
	}
	goldenFile(t, file, joined(documents))
}

// joined returns what `kubectl apply -f` takes.
func joined(documents []Document) []byte {
	var b bytes.Buffer
	for _, d := range documents {
		fmt.Fprintf(&b, "---\n# %s\n%s", d.Name, d.Body)
	}
	return b.Bytes()
}

func TestKubernetesErrors(t *testing.T) {
	for name, x := range map[string]struct {
		change func(*Release)
		want   string
	}{
		"an image id":         {func(r *Release) { r.Image = digest("1") }, "registry"},
		"no image":            {func(r *Release) { r.Image = "" }, "registry"},
		"a named user":        {func(r *Release) { r.User = "nobody" }, `user "nobody" is not numeric`},
		"a named group":       {func(r *Release) { r.User = "1:users" }, `user "1:users" is not numeric`},
		"memory":              {func(r *Release) { pod(r).Resources.Memory = "2GB" }, `resources.memory "2GB" must be a quantity`},
		"CPU":                 {func(r *Release) { pod(r).Resources.CPU = "-1" }, `resources.cpu must be from`},
		"autoscale, no CPU":   {func(r *Release) { pod(r).Replicas, kube(r).Autoscale = 0, &cluster.Autoscale{Min: 1, Max: 2, CPU: 80} }, "set targets.prod.resources.cpu"},
		"env-from":            {func(r *Release) { pod(r).EnvFrom = []string{"iris"} }, `env-from[0] "iris" must be "secret/NAME"`},
		"env-from kind":       {func(r *Release) { pod(r).EnvFrom = []string{"vault/iris"} }, `env-from[0] "vault/iris" must be "secret/NAME"`},
		"a digit in front":    {func(r *Release) { r.Target.Endpoint = "3d-prod" }, "starting with a letter"},
		"a long endpoint":     {func(r *Release) { r.Target.Endpoint = strings.Repeat("a", 64) }, "at most 50"},
		"no model":            {func(r *Release) { pod(r).ModelVolume = true }, "build the model's own image"},
		"a model left over":   {func(r *Release) { r.ModelImage = "iris-model@" + digest("1") }, "set model-volume"},
		"an account, no name": {func(r *Release) { pod(r).ServiceAccount = &cluster.ServiceAccount{Create: true} }, "service-account.name is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Render(live(clusterRelease(x.change)))
			if err == nil || !strings.Contains(err.Error(), `target "prod": `) || !strings.Contains(err.Error(), x.want) {
				t.Errorf("got %v, want %q", err, x.want)
			}
		})
	}
}

func TestLabelValue(t *testing.T) {
	for in, want := range map[string]string{
		"iris": "iris", "a.b-c_1": "a.b-c_1", "my model": "my-model", "_x_": "x", "": "", "é": "",
		strings.Repeat("a", 62) + ".b": strings.Repeat("a", 62),
	} {
		if got := cluster.LabelValue(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// BenchmarkRender is what a Deployfile with 100 targets costs.
func BenchmarkRender(b *testing.B) {
	var states []State
	for i := range 100 {
		states = append(states, live(clusterRelease(both(everything, func(r *Release) { r.Target.Endpoint = fmt.Sprintf("iris-%d", i) }))))
	}
	for b.Loop() {
		for _, s := range states {
			if _, err := Render(s); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// TestWorkingDirOfMountedModel starts the server elsewhere than in the model's directory
// if the release says so.
func TestWorkingDirOfMountedModel(t *testing.T) {
	for dir, want := range map[string]string{"": "workingDir: /opt/model\n", "/": "workingDir: /\n"} {
		docs, err := Render(live(clusterRelease(func(r *Release) {
			pod(r).ModelVolume, r.ModelImage, r.WorkingDir = true, "registry.example.com/model@"+digest("6"), dir
		})))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, d := range docs {
			found = found || strings.Contains(string(d.Body), want)
		}
		if !found {
			t.Errorf("%q: no document has %q", dir, want)
		}
	}
}
