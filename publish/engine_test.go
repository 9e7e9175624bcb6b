package publish_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

// inMemory is an endpoint of a target in memory.
func inMemory(m *publishtest.Memory) *publishtest.Endpoint {
	return &publishtest.Endpoint{
		Name:    "iris-prod",
		Connect: func(*testing.T) (publish.Store, publish.Driver) { return m.Connect() },
		Release: func(_ *testing.T, version string) manifests.Release {
			r := release(version, "")
			r.Version = version
			return r
		},
		Serving: func(*testing.T, string) string { return m.Serving() },
		There: func(*testing.T) []string {
			return slices.DeleteFunc(m.There(), func(line string) bool { return strings.HasPrefix(line, "image") })
		},
		Timeout: time.Minute,
	}
}

// TestConformance has every fault at every step of a target in memory.
func TestConformance(t *testing.T) {
	for name, open := range map[string]func() *publishtest.Memory{
		"beside":         func() *publishtest.Memory { return &publishtest.Memory{Term: 30 * time.Second} },
		"in place":       func() *publishtest.Memory { return &publishtest.Memory{Term: 30 * time.Second, Exclusive: true} },
		"fixed deadline": func() *publishtest.Memory { return &publishtest.Memory{} },
	} {
		t.Run(name, func(t *testing.T) {
			publishtest.Conformance(t, func(*testing.T) *publishtest.Endpoint { return inMemory(open()) }, nil)
		})
	}
}

var _ = synctest.Test
