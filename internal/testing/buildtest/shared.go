// Package buildtest builds projects in integration tests: it locks them, builds them
// to OCI layouts, and runs their servers in the builder. It is for tests alone.
package buildtest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// Shared is what the tests of a package share. A package has one:
//
//	var shared buildtest.Shared
//
//	func TestMain(m *testing.M) { shared.Main(m, "./integration/lock") }
type Shared struct {
	lab.Parts
	// Builder builds what a test does not build elsewhere. Other packages may use the
	// same one: see lab.Builder.
	Builder *builder.Builder

	mutex  sync.Mutex
	second *builder.Builder
	close  []func() error
}

// Main is a TestMain; test is the package, for the error that says how to run it.
func (s *Shared) Main(m *testing.M, test string) {
	lab.Main(m, func(m *testing.M) (code int, err error) {
		defer func() { err = errors.Join(err, s.end()) }()
		if s.Parts, err = lab.FindParts(test); err != nil {
			return 1, err
		}
		d, err := lab.AnyDaemon()
		if err != nil {
			return 1, err
		}
		if s.Builder, err = s.dial(d); err != nil {
			return 1, err
		}
		return m.Run(), nil
	})
}

// Second returns a builder that has only what the tests of this package have built on
// it, to compare with Builder. It starts when the first test asks for it.
func (s *Shared) Second(t *testing.T) *builder.Builder {
	t.Helper()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.second != nil {
		return s.second
	}
	// Not t.TempDir, whose path is too long for a socket.
	dir, err := os.MkdirTemp("", "deployfile-")
	if err != nil {
		t.Fatal(err)
	}
	s.close = append(s.close, func() error { return os.RemoveAll(dir) })
	d, err := lab.StartDaemon(filepath.Join(dir, "b"))
	if err != nil {
		t.Fatal(err)
	}
	if s.second, err = s.dial(d); err != nil {
		t.Fatal(err)
	}
	return s.second
}

// dial connects to a daemon, which ends with the tests.
func (s *Shared) dial(d *lab.Daemon) (*builder.Builder, error) {
	s.close = append(s.close, func() error { d.Stop(); return nil })
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, err := builder.Find(ctx, builder.Options{Address: d.Address})
	if err == nil {
		s.close = append(s.close, b.Close)
	}
	return b, err
}

// end closes what was opened, the last first.
func (s *Shared) end() (err error) {
	for n := len(s.close); n > 0; n-- {
		err = errors.Join(err, s.close[n-1]())
	}
	return err
}

// Example returns a copy of one of the examples, without a lock.
func (s *Shared) Example(t *testing.T, name string) *Project {
	t.Helper()
	return &Project{lab.Example(t, s.Parts, filepath.Join("..", "..", "examples", name)), s.Builder}
}

// NewProject returns a project with these files, by name.
func (s *Shared) NewProject(t *testing.T, files map[string]string) *Project {
	t.Helper()
	return &Project{lab.NewProject(t, s.Parts, files), s.Builder}
}

// Tiny returns a project that builds within seconds; see lab.Tiny.
func (s *Shared) Tiny(t *testing.T, environment string, requirements ...string) *Project {
	t.Helper()
	return &Project{lab.Tiny(t, s.Parts, environment, requirements...), s.Builder}
}
