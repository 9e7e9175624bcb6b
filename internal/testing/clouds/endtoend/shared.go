// Package endtoend tests kinds of target that are services of a cloud with the command
// line, at doubles that start real containers.
package endtoend

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// Shared is what the tests of a cloud share.
type Shared struct {
	lab.Parts
	// Builder is the address of a BuildKit, Registry what stands for the cloud's own.
	Builder  string
	Registry *lab.Registry
}

// Run runs the tests of a package, with what they share in s.
func Run(m *testing.M, pkg string, s *Shared) (code int, err error) {
	if s.Parts, err = lab.FindParts(pkg); err != nil {
		return 1, err
	}
	d, err := lab.AnyDaemon()
	if err != nil {
		return 1, err
	}
	defer d.Stop()
	s.Builder = d.Address
	dir, err := os.MkdirTemp("", "deployfile-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if s.Registry, err = lab.NewRegistry(filepath.Join(dir, "registry")); err != nil {
		return 1, err
	}
	defer s.Registry.Stop()
	return m.Run(), nil
}
