package connect_test

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/publish/connect"
)

// A connection that cannot be opened names what is missing.
func TestOpenFails(t *testing.T) {
	none := t.TempDir() + "/none"
	t.Setenv("HOME", t.TempDir())
	t.Setenv("KUBECONFIG", none)
	t.Setenv("DOCKER_HOST", "unix://"+none)
	for kind, want := range map[string]string{
		"docker":     "no Docker engine",
		"registry":   `repository ""`,
		"kubernetes": "KUBECONFIG",
		"kserve":     "KUBECONFIG",
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
