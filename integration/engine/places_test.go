//go:build integration

package engine

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	containerdkind "github.com/deployfile/deployfile/manifests/containerd"
	dockerkind "github.com/deployfile/deployfile/manifests/docker"
	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
)

// place is somewhere that endpoints can be.
type place struct {
	name, network string
	engine
}

// engine is what has containers.
type engine interface {
	open(deployfile.Target) (publish.Publisher, error)
	// there lists all that an endpoint may consist of.
	there(*testing.T) []string
	// forget removes an image that there lists.
	forget(t *testing.T, image string)
	// halt stops the endpoint's server behind its back.
	halt(*testing.T)
	stop()
	start() error
}

// places are where what is the same everywhere is tested.
func places() []place {
	return []place{
		{"docker bridge", "", shared.docker},
		{"docker host", "host", shared.docker},
		{"containerd 1 host", "host", shared.containerd1},
		{"containerd 2 host", "host", shared.containerd2},
		{"containerd 2 cni", "cni", shared.containerd2},
	}
}

// everywhere runs a test in each place.
func everywhere(t *testing.T, test func(*testing.T, place)) {
	for _, p := range places() {
		t.Run(p.name, func(t *testing.T) { test(t, p) })
	}
}

// onePerEngine runs a test in fewer places: those where it matters.
func onePerEngine(t *testing.T, test func(*testing.T, place)) {
	for _, p := range places() {
		if p.network == "host" && p.engine != engine(shared.containerd1) {
			t.Run(p.name, func(t *testing.T) { test(t, p) })
		}
	}
}

// containerKeys has the keys of a target that all kinds of container have.
func containerKeys(target *deployfile.Target) *manifests.ContainerKeys {
	if s, ok := target.Spec.(*dockerkind.Spec); ok {
		return &s.ContainerKeys
	}
	s, _ := target.Spec.(*containerdkind.Spec)
	return &s.ContainerKeys
}

// endpoint is one with nothing deployed. When the test ends it is deleted, and
// nothing of it may be left.
func (p place) endpoint(t *testing.T, change ...func(*deployfile.Target)) *endpoint {
	t.Helper()
	e := &endpoint{place: p, target: deployfile.Target{Name: "prod", Kind: "docker", Endpoint: endpointName, Port: port, Spec: &dockerkind.Spec{Network: p.network}}, user: "65532:65532"}
	if p.engine != engine(shared.docker) {
		e.target.Kind, e.target.Spec = "containerd", &containerdkind.Spec{Network: p.network}
	}
	e.reopen(t, func(target *deployfile.Target) {
		for _, c := range change {
			c(target)
		}
	})
	// For ten seconds the kernel remembers where a connection led that a server
	// cut off, and leads a new one from the same port there, past the mapping of
	// the container that has the server's port since.
	if err := netlink.ConntrackTableFlush(netlink.ConntrackTable); err != nil {
		t.Fatal(err)
	}
	before := p.there(t)
	t.Cleanup(func() {
		e.forgetPulled(t, before)
		if err := e.Delete(context.Background()); err != nil {
			t.Error(err)
		}
		if d := cmp.Diff(before, p.there(t)); d != "" {
			t.Errorf("Delete leaves something:\n%s", d)
		}
		for _, p := range e.opened {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return e
}

// forgetPulled removes the image that a process has pulled, and not recorded because it
// died in between, or not removed because it died after the record: as after docker
// pull, no engine knows who wanted it.
func (e *endpoint) forgetPulled(t *testing.T, before []string) {
	t.Helper()
	if !strings.HasSuffix(t.Name(), "/Prepare_1_dies_after") && !strings.HasSuffix(t.Name(), "/Revert_1_dies_after") {
		return
	}
	if err := e.Delete(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, line := range e.place.there(t) {
		if image, ok := strings.CutPrefix(line, "image "); ok && !slices.Contains(before, line) {
			e.place.forget(t, image)
		}
	}
}
