package docker

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish/internal/containers"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
)

func TestSettings(t *testing.T) {
	o, err := settings(&manifests.Container{
		Image: "registry.example.com/iris@sha256:1", Env: map[string]string{"PORT": "8080", "A": "b c"}, Network: "models", Port: 8080,
		Publish: &manifests.PublishedPort{Address: "0.0.0.0", Port: 80}, Restart: "always",
		Resources: manifests.ContainerResources{Millicores: 1500, Memory: 1 << 30, GPUs: 2},
		User:      "65532:65532", ReadOnly: true, Tmpfs: []string{"/tmp"}, DropCapabilities: []string{"ALL"}, NoNewPrivileges: true,
		Labels: map[string]string{containers.LabelEndpoint: "iris"},
	})
	if err != nil {
		t.Fatal(err)
	}
	seconds, inside := 30, network.MustParsePort("8080/tcp")
	if d := cmp.Diff(&container.Config{
		Image: "registry.example.com/iris@sha256:1", User: "65532:65532", Env: []string{"A=b c", "PORT=8080"},
		Labels: map[string]string{containers.LabelEndpoint: "iris"}, StopTimeout: &seconds, ExposedPorts: network.PortSet{inside: {}},
	}, o.Config, cmp.Comparer(func(a, b network.Port) bool { return a == b })); d != "" {
		t.Error(d)
	}
	want := &container.HostConfig{
		NetworkMode: "models", RestartPolicy: container.RestartPolicy{Name: "no"}, ReadonlyRootfs: true, CapDrop: []string{"ALL"},
		SecurityOpt: []string{"no-new-privileges"}, Tmpfs: map[string]string{"/tmp": "rw,exec,nosuid,nodev"},
		PortBindings: network.PortMap{inside: {{HostIP: netip.MustParseAddr("0.0.0.0"), HostPort: "80"}}},
		Resources: container.Resources{
			NanoCPUs: 1_500_000_000, Memory: 1 << 30, MemorySwap: 1 << 30,
			DeviceRequests: []container.DeviceRequest{{Count: 2, Capabilities: [][]string{{"gpu"}}}},
		},
	}
	if d := cmp.Diff(want, o.HostConfig, cmp.Comparer(func(a, b network.Port) bool { return a == b }), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
		t.Error(d)
	}
	for want, c := range map[string]manifests.Container{
		"invalid port 0:":     {Publish: &manifests.PublishedPort{}},
		"invalid port 70000:": {Publish: &manifests.PublishedPort{}, Port: 70000},
		"address: ":           {Publish: &manifests.PublishedPort{Address: "gpu.example.com"}, Port: 80},
	} {
		if _, err := settings(&c); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
