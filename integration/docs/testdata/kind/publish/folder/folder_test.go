package folder

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/folder"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/publishtest"
)

func TestConformance(t *testing.T) {
	publishtest.Conformance(t, func(t *testing.T) *publishtest.Endpoint {
		t.Chdir(t.TempDir())
		target := deployfile.Target{Kind: "folder", Endpoint: "iris", Spec: &spec.Spec{Path: "served"}}
		return &publishtest.Endpoint{
			Name: "iris",
			Connect: func(t *testing.T) (publish.Store, publish.Driver) {
				engine, err := Open(target)
				if err != nil {
					t.Fatal(err)
				}
				return engine.Parts()
			},
			Release: func(_ *testing.T, version string) manifests.Release {
				return manifests.Release{Model: "iris", Version: version, Target: target, Image: "iris@" + version, Port: 8080}
			},
			Serving: func(*testing.T, string) string {
				live, _ := os.ReadFile("served/iris/live/server.yaml")
				_, version, _ := strings.Cut(string(live), "iris@")
				return strings.SplitN(version, "\n", 2)[0]
			},
			There: func(t *testing.T) []string {
				files, err := filepath.Glob("served/iris/*")
				if err != nil {
					t.Fatal(err)
				}
				return files
			},
			Marks:   true,
			Timeout: time.Second,
		}
	}, nil)
}
