//go:build integration

package registrytarget

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

// faults are those that a registry can answer in another way than a target in
// memory, which has all of them.
var faults = map[string][]publishtest.Fault{
	"Create 1":  {publishtest.Lost, publishtest.DiesAfter, publishtest.Overtaken},
	"Switch 1":  {publishtest.Lost, publishtest.DiesAfter, publishtest.Outnumbered},
	"Update 1":  {publishtest.Fails},
	"Update 2":  {publishtest.Lost, publishtest.DiesAfter, publishtest.Outnumbered},
	"Update 3":  {publishtest.Fails, publishtest.DiesAfter},
	"Revert 1":  {publishtest.Fails, publishtest.DiesAfter},
	"Forget 1":  {publishtest.Fails, publishtest.Lost},
	"Discard 1": {publishtest.Outnumbered},
}

// TestConformance deploys to repositories with faults.
func TestConformance(t *testing.T) {
	r := registryOf(t)
	images := map[string]string{}
	for _, version := range []string{"1", "2", "3", "4", "5"} {
		images[version] = push(t, r.Host+"/build", image(t, "amd64", version))
	}
	n := 0
	open := func(t *testing.T) *publishtest.Endpoint {
		n++
		return conforming(t, fmt.Sprintf("%s/iris%d", r.Host, n), images)
	}
	publishtest.Conformance(t, open, func(step string, f publishtest.Fault) bool {
		return lab.AllFaults() || slices.Contains(faults[step], f)
	})
}

// conforming is an endpoint in a repository, to which images are deployed by their
// version.
func conforming(t *testing.T, to string, images map[string]string) *publishtest.Endpoint {
	t.Helper()
	e := open(t, to, "", "stable")
	return &publishtest.Endpoint{
		Name: e.target.Endpoint,
		Connect: func(t *testing.T) (publish.Store, publish.Driver) {
			return open(t, to, "", "stable").Parts()
		},
		Release: func(_ *testing.T, version string) manifests.Release {
			r := e.release(images[version])
			r.Version = version
			return r
		},
		Serving: func(t *testing.T, _ string) string {
			now := digest(t, to+":stable")
			for version, image := range images {
				if digestIn(image) == now {
					return version
				}
			}
			return ""
		},
		There: func(t *testing.T) []string {
			return slices.DeleteFunc(tags(t, to), func(tag string) bool { return len(tag) > 64 }) // lists of referrers
		},
		Marks:   true,
		Timeout: time.Minute,
	}
}
