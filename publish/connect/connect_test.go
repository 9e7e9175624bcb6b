package connect_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/publish/connect"
)

// A connection that cannot be opened names what is missing; a kind that nothing
// deploys to is told from one whose target does not answer.
func TestOpenFails(t *testing.T) {
	none := t.TempDir() + "/none"
	t.Setenv("HOME", t.TempDir())
	t.Setenv("KUBECONFIG", none)
	t.Setenv("DOCKER_HOST", "unix://"+none)
	for kind, test := range map[string]struct {
		want        string
		unsupported bool
	}{
		"docker":     {"no Docker engine", false},
		"registry":   {`repository ""`, false},
		"kubernetes": {"KUBECONFIG", false},
		"kserve":     {"KUBECONFIG", false},
		"sagemaker":  {`deployfile does not deploy to kind "sagemaker" yet`, true},
		"azureml":    {`deployfile does not deploy to kind "azureml" yet`, true},
	} {
		p, err := connect.Open(t.Context(), deployfile.Target{Name: "prod", Kind: kind, Endpoint: "iris-prod"}, nil)
		if p != nil {
			t.Errorf("%s: a publisher beside the error", kind)
		}
		var unsupported *connect.UnsupportedError
		if err == nil || !strings.Contains(err.Error(), test.want) || errors.As(err, &unsupported) != test.unsupported {
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
