//go:build integration

package buildx

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// project is a project that buildx builds.
type project struct{ *lab.Project }

// tiny is a project that builds within seconds, see lab.Tiny. The frontend is
// named by the syntax line of its Deployfile.
func tiny(t *testing.T, environment string, requirements ...string) *project {
	t.Helper()
	p := &project{lab.Tiny(t, shared.Parts, environment, requirements...)}
	p.Write(t, "Deployfile", "# syntax="+shared.frontend+"\n"+p.Read(t, "Deployfile"))
	return p
}

// lock writes the lock beside the Deployfile, as the documentation says it.
func (p *project) lock(t *testing.T, args ...string) {
	t.Helper()
	p.mustBuildx(t, append([]string{"--target", "lock", "-o", p.Dir}, args...)...)
}

// lockKeeper makes the lock of each example once.
type lockKeeper struct {
	mu    sync.Mutex
	files map[string]map[string]string
}

// example is a copy of one of the examples with its lock.
func example(t *testing.T, name string) *project {
	t.Helper()
	p := unlockedExample(t, name)
	shared.locks.mu.Lock()
	defer shared.locks.mu.Unlock()
	if shared.locks.files[name] == nil {
		p.lock(t)
		if shared.locks.files == nil {
			shared.locks.files = map[string]map[string]string{}
		}
		shared.locks.files[name] = p.LockFiles(t)
	}
	for file, text := range shared.locks.files[name] {
		p.Write(t, file, text)
	}
	return p
}

// unlockedExample is one for both platforms, unless it needs packages of
// Debian's, which are installed by programs of the image's platform. The
// frontend is named by BUILDKIT_SYNTAX alone.
func unlockedExample(t *testing.T, name string) *project {
	t.Helper()
	p := &project{lab.Example(t, shared.Parts, filepath.Join("..", "..", "examples", name))}
	text := "# syntax=" + shared.frontend + "\n" + p.Read(t, "Deployfile")
	if !strings.Contains(text, "system-packages") {
		p.Contexts["base"] = "oci-layout://" + shared.bases
		text += "\n[image]\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n"
	}
	p.Write(t, "Deployfile", text)
	return p
}
