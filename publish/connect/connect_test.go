package connect_test

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/azureml"
	"github.com/deployfile/deployfile/publish/connect"
	"github.com/deployfile/deployfile/publish/containerd"
	"github.com/deployfile/deployfile/publish/docker"
	"github.com/deployfile/deployfile/publish/kubernetes"
	"github.com/deployfile/deployfile/publish/registry"
	"github.com/deployfile/deployfile/publish/sagemaker"
)

// A connection that cannot be opened names what is missing.
func TestOpenFails(t *testing.T) {
	none := t.TempDir() + "/none"
	t.Setenv("HOME", t.TempDir())
	t.Setenv("KUBECONFIG", none)
	t.Setenv("DOCKER_HOST", "unix://"+none)
	t.Setenv("AWS_REGION", "")
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "none")
	t.Setenv("AWS_DEFAULT_REGION", "")
	for kind, want := range map[string]string{
		"docker":     "no Docker engine",
		"registry":   `repository ""`,
		"kubernetes": "KUBECONFIG",
		"kserve":     "KUBECONFIG",
		"sagemaker":  "the region is not known",
		"azureml":    "invalid AZURE_TOKEN_CREDENTIALS value",
		"elsewhere":  `no connection is known for kind "elsewhere"`,
	} {
		target := deployfile.Target{Name: "prod", Kind: kind, Endpoint: "iris-prod"}
		for _, k := range kinds.All() {
			if k.Name == kind {
				target.Spec = k.New()
			}
		}
		p, err := connect.Open(t.Context(), target, nil)
		if p != nil {
			t.Errorf("%s: a publisher beside the error", kind)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// A registry is not asked before there is something to ask.
func TestOpenRegistry(t *testing.T) {
	p, err := connect.Open(t.Context(), deployfile.Target{Name: "shop", Kind: "registry", Endpoint: "iris-shop", Image: "registry.example.com/iris"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// What a kind says that it can, its publisher implements.
func TestVerbs(t *testing.T) {
	publishers := map[string]any{
		"docker": (*docker.Publisher)(nil), "containerd": (*containerd.Publisher)(nil), "registry": (*registry.Publisher)(nil),
		"kubernetes": (*kubernetes.Publisher)(nil), "kserve": (*kubernetes.Publisher)(nil), "sagemaker": (*sagemaker.Publisher)(nil), "azureml": (*azureml.Publisher)(nil),
	}
	for _, k := range kinds.All() {
		p := publishers[k.Name]
		_, logs := p.(publish.Logger)
		_, opens := p.(publish.Opener)
		_, tracks := p.(publish.Tracker)
		_, batches := p.(publish.Batcher)
		_, imports := p.(publish.Importer)
		for verb, want := range map[deployfile.Verb]bool{
			deployfile.VerbLogs: logs, deployfile.VerbOpen: opens, deployfile.VerbPredict: opens, deployfile.VerbTrack: tracks, deployfile.VerbBatch: batches,
		} {
			if k.Can(verb) != want {
				t.Errorf("kind %s, %s: %v, but its publisher: %v", k.Name, verb, k.Can(verb), want)
			}
		}
		if stores := k.Image.Store != deployfile.StoreNone; stores != imports {
			t.Errorf("kind %s has an image store: %v, but its publisher imports: %v", k.Name, stores, imports)
		}
	}
}
