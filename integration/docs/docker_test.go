//go:build integration

package docs

import (
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestDocker runs the page of Docker with Debian's engine, in a network of its
// own.
func TestDocker(t *testing.T) {
	engine := lab.StartEngine(t)
	page := filepath.Join(pages, "docker.md")
	newReader(t, engine.Command, "DOCKER_HOST="+engine.Host).read(t, page, blocks(t, page))
}
