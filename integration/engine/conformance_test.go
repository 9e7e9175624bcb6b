//go:build integration

package engine

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

// parts is a publish.Publisher that says what its engine is made of.
type parts interface {
	Parts() (publish.Store, publish.Driver)
}

// faults are those that an engine can answer in another way than a target in
// memory, which has all of them.
var faults = map[string][]publishtest.Fault{
	"Create 1": {publishtest.Lost, publishtest.DiesAfter, publishtest.Overtaken},
	"Start 1":  {publishtest.DiesAfter},
	"Switch 1": {publishtest.Lost, publishtest.DiesAfter},
	"Update 1": {publishtest.Lost, publishtest.DiesAfter},
	"Update 2": {publishtest.Lost, publishtest.DiesAfter},
	"Revert 1": {publishtest.Fails},
	"Prune 1":  {publishtest.Dies},
}

// TestConformance deploys to engines with faults.
func TestConformance(t *testing.T) {
	reach := func(step string, f publishtest.Fault) bool {
		return lab.AllFaults() || slices.Contains(faults[step], f)
	}
	everywhere(t, func(t *testing.T, p place) {
		if p.engine == engine(shared.containerd1) || p.name == "docker host" {
			return // as the others of their kind
		}
		publishtest.Conformance(t, func(t *testing.T) *publishtest.Endpoint { return conforming(t, p) }, reach)
	})
}

func conforming(t *testing.T, p place) *publishtest.Endpoint {
	e := p.endpoint(t)
	return &publishtest.Endpoint{
		Name: endpointName,
		Connect: func(t *testing.T) (publish.Store, publish.Driver) {
			opened, err := p.open(e.target)
			if err != nil {
				t.Fatal(err)
			}
			e.opened = append(e.opened, opened)
			return opened.(parts).Parts()
		},
		Release: func(t *testing.T, version string) manifests.Release {
			r := e.release(shared.images.push(t, version, ""))
			r.Version = version
			return r
		},
		Serving: func(_ *testing.T, want string) (got string) {
			for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
				if got, _ = ask(e.url() + "/version"); got == want {
					break
				}
			}
			return got
		},
		There: func(t *testing.T) (out []string) {
			for _, line := range p.there(t) {
				if fields := strings.Fields(line); fields[0] == "container" {
					out = append(out, fields[0]+" "+fields[1]+" "+fields[len(fields)-1])
				}
			}
			return out
		},
		Marks:   p.engine != engine(shared.docker),
		Timeout: 15 * time.Second,
	}
}
