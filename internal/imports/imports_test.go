// Package imports has no code: its test holds what the packages of this module may
// link. A Deployfile can be read, and a target be rendered and published to, without
// BuildKit; the frontend, which runs in a container that builds, links no client of a
// target or of a cloud.
package imports

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/deployfile/deployfile/"

// What is forbidden: import paths, and all below them.
var (
	buildKit = []string{"github.com/moby/buildkit"}
	builders = append([]string{module + "llb", module + "resolver", module + "toolchain", module + "frontend", module + "build", module + "builder", module + "compare"}, buildKit...)
	targets  = []string{"k8s.io/client-go", "github.com/moby/moby/client", module + "publish"}
	clouds   = []string{"github.com/aws", "github.com/Azure", "github.com/chrismellard", "golang.org/x/oauth2/google"}
	tests    = []string{module + "internal/testing"}
)

func TestImports(t *testing.T) {
	for _, rule := range []struct {
		// packages is a pattern of the go command, relative to the module.
		packages string
		without  [][]string
	}{
		{"./imagespec", [][]string{{"github.com"}}},
		{"./deployfile", [][]string{builders, targets, clouds}},
		{"./mlmodel", [][]string{builders, targets, clouds}},
		{"./manifests/...", [][]string{builders, targets, clouds}},
		{"./record/...", [][]string{builders, targets, clouds}},
		{"./report", [][]string{builders, targets, clouds}},
		{"./publish/...", [][]string{builders}},
		{"./cmd/deployfile-frontend", [][]string{targets, clouds}},
		{"./cmd/...", [][]string{tests}},
	} {
		for _, path := range links(t, rule.packages) {
			for _, forbidden := range rule.without {
				for _, prefix := range forbidden {
					if path == prefix || strings.HasPrefix(path, prefix+"/") {
						t.Errorf("%s links %s: go list -deps shows by which package", rule.packages, path)
					}
				}
			}
		}
	}
}

// links returns what the packages that match link, without themselves.
func links(t *testing.T, pattern string) []string {
	t.Helper()
	c := exec.Command("go", "list", "-deps", "-json=ImportPath,DepOnly", pattern)
	c.Dir = "../.."
	out, err := c.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		t.Fatalf("go list %s: %s", pattern, failed.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			DepOnly    bool
		}
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return paths
		case err != nil:
			t.Fatal(err)
		}
		if p.DepOnly {
			paths = append(paths, p.ImportPath)
		}
	}
}
