package docker

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
)

func TestOpenNothing(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "socket"))
	_, err := Open(t.Context(), Options{Target: deployfile.Target{Name: "local", Endpoint: "iris-local"}})
	if err == nil || !strings.HasPrefix(err.Error(), "no Docker engine: ") || !strings.HasSuffix(err.Error(), "\nhint: start it, or choose another with DOCKER_HOST or docker context use") {
		t.Errorf("%v", err)
	}
	if _, err := Open(t.Context(), Options{Target: deployfile.Target{Name: "local"}}); err == nil || err.Error() != "the target has no endpoint" {
		t.Errorf("%v", err)
	}
}
