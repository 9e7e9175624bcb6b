package containerd

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	containerdkind "github.com/deployfile/deployfile/manifests/containerd"
)

func TestOpenNothing(t *testing.T) {
	address := filepath.Join(t.TempDir(), "socket")
	t.Setenv("CONTAINERD_ADDRESS", address)
	_, err := Open(t.Context(), Options{Target: deployfile.Target{Name: "edge", Kind: "containerd", Endpoint: "iris-edge", Spec: &containerdkind.Spec{}}})
	if err == nil || !strings.HasPrefix(err.Error(), "no containerd at "+address+": dial unix") || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("%v", err)
	}
	if _, err := Open(t.Context(), Options{Target: deployfile.Target{Name: "edge"}}); err == nil || err.Error() != "the target has no endpoint" {
		t.Errorf("%v", err)
	}
}
