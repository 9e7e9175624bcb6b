// Package pyenv makes the environment of a lock as a virtual environment on this
// machine, by its own uv, or by its Python's venv and pip. They fetch with their own
// configuration: mirrors, credentials, proxies and certificate authorities.
package pyenv

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/internal/pins"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
)

// Request is what is to be made.
type Request struct {
	// Lock and Pylock are the lock and the pylock.toml of this machine's platform.
	Lock   *resolver.Lock
	Pylock *resolver.Pylock
	// Context is the directory of the wheels that are locked by path.
	Context string
	// Built returns a directory with the wheels that a builder makes from source or
	// finds. It is called only if there are any.
	Built func(context.Context) (string, error)
	// Log receives what the tools print.
	Log io.Writer
}

// Platform returns the lock of this machine's platform. Its error is a
// *PlatformError.
func Platform(l *resolver.Lock) (*resolver.Platform, error) {
	name := runtime.GOOS + "/" + runtime.GOARCH
	if p := l.Platform(name); p != nil {
		return p, nil
	}
	e := &PlatformError{Machine: name}
	for _, p := range l.Platforms {
		e.Locked = append(e.Locked, p.Name)
	}
	return nil, e
}

// PlatformError reports a lock without an environment for this machine.
type PlatformError struct {
	// Machine is the platform of this machine, Locked are those of the lock, os/arch.
	Machine string
	Locked  []string
}

// Error says what to do instead.
func (e *PlatformError) Error() string {
	s := fmt.Sprintf("the lock has packages for %s, and this machine is %s: ", strings.Join(e.Locked, ", "), e.Machine)
	if strings.HasPrefix(e.Machine, "linux/") {
		return s + "add it to [image] platforms and run deployfile lock"
	}
	return s + "use the image, which has the environment (deployfile build --target env --load), or run this on Linux"
}

// Make makes the environment in an empty directory, whose files name final, the
// place that it is moved to.
func (r Request) Make(ctx context.Context, dir, final string) error {
	locked, err := Platform(r.Lock)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "deployfile-env-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	if err := endSearch(scratch); err != nil {
		return err
	}
	t := tool{dir: dir, final: final, version: r.Lock.Toolchain.PythonVersion, scratch: scratch, log: r.Log}
	if err := t.create(ctx); err != nil {
		return err
	}
	here, err := t.interpreter(ctx, locked)
	if err != nil {
		return err
	}
	wheels, sources, err := resolver.Select(r.Pylock, here)
	if err != nil {
		return fmt.Errorf("this machine's Python cannot install all that is locked: %w", err)
	}
	pinned, links, err := r.pins(ctx, locked, wheels, sources)
	if err != nil {
		return err
	}
	text, err := pins.Requirements(pinned, r.Lock.Inputs.IndexList(), r.Lock.Inputs.FindLinks())
	if err != nil {
		return err
	}
	file := filepath.Join(scratch, "requirements.txt")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	if err := t.install(ctx, file, links); err != nil {
		return err
	}
	return t.check(pinned)
}

// endSearch ends uv's search for the configuration of a project, which would go on
// above the directory: in /tmp, where every user of the machine may write. uv reads
// that of the user and the system all the same.
func endSearch(dir string) error {
	return os.WriteFile(filepath.Join(dir, "uv.toml"), nil, 0o600)
}

// pins returns what is installed, and the directories of wheels that no index has.
func (r Request) pins(ctx context.Context, locked *resolver.Platform, wheels []resolver.Wheel, sources []resolver.Source) (out []pins.Wheel, links []string, err error) {
	builds := len(sources) > 0
	for _, w := range wheels {
		out = append(out, pins.Of(w.Name, w.Version, w.Download, w.Direct))
		if w.Path == "" {
			continue
		}
		if strings.HasPrefix(w.Path, modelsource.Elsewhere+"/") {
			builds = true // the model is where only a builder finds it
			continue
		}
		if dir := filepath.Join(r.Context, filepath.FromSlash(filepath.Dir(w.Path))); !slices.Contains(links, dir) {
			links = append(links, dir)
		}
	}
	if !builds {
		return out, links, nil
	}
	built := locked.BuiltByName()
	for _, s := range sources {
		b, ok := built[s.Name]
		if !ok {
			return nil, nil, fmt.Errorf("the lock holds no built wheel of %s %s; run deployfile lock", s.Name, s.Version)
		}
		version := s.Version
		if version == "" {
			version = strings.Split(b.Filename, "-")[1]
		}
		out = append(out, pins.Wheel{Name: s.Name, Version: version, SHA256: b.SHA256})
	}
	dir, err := r.Built(ctx)
	return out, append(links, dir), err
}

// tool is the uv of this machine, or its Python.
type tool struct {
	dir, final, version, scratch string
	log                          io.Writer
	// uv is its path, "" without it.
	uv string
}

func (t *tool) python() string { return filepath.Join(t.dir, "bin", "python") }

// run runs a program in a directory without a project, whose configuration would be
// read.
func (t *tool) run(ctx context.Context, program string, args ...string) error {
	c := exec.CommandContext(ctx, program, args...)
	c.Dir, c.Stdout, c.Stderr = t.scratch, t.log, t.log
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s failed (above): %w", filepath.Base(program), errors.Join(err, ctx.Err()))
	}
	return nil
}

// check compares what is installed with what is locked, in case the configuration of
// the tools made them install it elsewhere, or something else with it.
func (t *tool) check(pinned []pins.Wheel) error {
	found, err := filepath.Glob(filepath.Join(t.dir, filepath.FromSlash(toolchain.SitePackages(t.version)), "*.dist-info"))
	if err != nil {
		return err
	}
	var want, have []string
	for _, w := range pinned {
		want = append(want, pypi.CanonPackageName(w.Name))
	}
	for _, f := range found {
		name, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(f), ".dist-info"), "-")
		have = append(have, pypi.CanonPackageName(name))
	}
	slices.Sort(want)
	slices.Sort(have)
	if !slices.Equal(want, have) {
		return fmt.Errorf("%d packages are installed, and the lock has %d: the configuration of pip or uv on this machine changes where packages go, or which", len(have), len(want))
	}
	return nil
}
