package resolver

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/deployfile/deployfile/toolchain"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// WheelFiles lists files of a platform's wheels that conflict or that run at
// every start. Paths are relative to the virtual environment.
type WheelFiles struct {
	// Conflicts are files that several packages contain with different contents,
	// or that the image's own start command replaces.
	Conflicts []FileConflict `toml:"conflicts,omitempty" json:"conflicts"`
	// Startup are files that Python reads at every start.
	Startup []StartupFiles `toml:"startup,omitempty" json:"startup"`
	// Modules are the names that can be imported from the wheels, sorted; nil in a
	// lock that was written before they were listed.
	Modules []string `toml:"modules,omitempty" json:"modules"`
	// Unread lists the wheels that could not be inspected, with the reason, "NAME:
	// …".
	Unread []string `toml:"unread,omitempty" json:"unread"`
}

// FileConflict lists files that packages contain with different contents.
type FileConflict struct {
	// Packages are normalised names, in order. A single package conflicts with the
	// image's own start command.
	Packages []string `toml:"packages" json:"packages"`
	// Count is the number of files, Paths the first ten of them.
	Count int      `toml:"count" json:"count"`
	Paths []string `toml:"paths" json:"paths"`
}

// What StartupFiles do when Python starts (module site of Python's library).
const (
	// StartupModule is a sitecustomize or usercustomize, which Python imports.
	StartupModule = "module"
	// StartupCode is a .pth file with lines of code.
	StartupCode = "code"
	// StartupPaths is a .pth file that adds to the module search path.
	StartupPaths = "paths"
	// StartupNamespace is a .pth file as setuptools writes it for namespace
	// packages, StartupDistutils the one of setuptools itself.
	StartupNamespace = "namespace"
	StartupDistutils = "distutils"
)

// StartupFiles are a package's files that Python reads at every start.
type StartupFiles struct {
	// Package is a normalised name, Kind one of the Startup constants.
	Package string `toml:"package" json:"package"`
	Kind    string `toml:"kind" json:"kind"`
	// Count is the number of files, Paths the first ten of them.
	Count int      `toml:"count" json:"count"`
	Paths []string `toml:"paths" json:"paths"`
}

// modulePattern matches an identifier of Python in ASCII.
var modulePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// check refuses anything but a plain name or path where these are shown.
func (w *WheelFiles) check() error {
	if w == nil {
		return nil
	}
	var names, paths []string
	for _, c := range w.Conflicts {
		if len(c.Packages) == 0 || len(c.Paths) == 0 {
			return errors.New("a conflict of wheels names no package or no file")
		}
		names, paths = append(names, c.Packages...), append(paths, c.Paths...)
	}
	for _, s := range w.Startup {
		if len(s.Paths) == 0 {
			return errors.New("startup files of a wheel name no file")
		}
		names, paths = append(names, s.Package), append(paths, s.Paths...)
	}
	for _, name := range names {
		if !namePattern.MatchString(name) {
			return fmt.Errorf("%q is not a package's name", name)
		}
	}
	for _, name := range w.Modules {
		if !modulePattern.MatchString(name) {
			return fmt.Errorf("%q is not a module's name", name)
		}
	}
	for _, text := range slices.Concat(paths, w.Unread) {
		if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return fmt.Errorf("the path or message %q of a wheel has a character that cannot be shown", text)
		}
	}
	return nil
}

// EnvironmentError reports a package that contains a file of the virtual
// environment itself: its configuration, its interpreter or one of its
// directories.
type EnvironmentError struct {
	// Package is a normalised name, Path relative to the environment.
	Package, Path string
}

// Error says what to do.
func (e *EnvironmentError) Error() string {
	return fmt.Sprintf("package %s brings %s, which is the environment's own, and would decide which Python runs: take another version of it, or leave it out", e.Package, path.Join(toolchain.VirtualEnv, e.Path))
}

// wheelReport is the result of inspecting wheels.
type wheelReport struct {
	WheelFiles
	// Environment are files that no package may contain.
	Environment []struct{ Package, Path string } `json:"environment"`
}

// readWheelReport reads a step's report, nil if the step left the inspection to
// another one.
func (r *Resolver) readWheelReport(ctx context.Context, ref gwclient.Reference) (*wheelReport, error) {
	var out *wheelReport
	err := r.Gateway.ReadJSON(ctx, ref, "wheels.json", &out)
	return out, err
}

// wheelFiles sets the platform's WheelFiles: from the report of the resolve
// step, else from the lock. Wheels that are built are inspected in their own
// step, together with all others.
func (r *Resolver) wheelFiles(ctx context.Context, q Request, keep *Lock, toolchainDigest string, t toolchain.Toolchain, p *Platform, pylock []byte, found *wheelReport, made map[string]toolchain.Step) error {
	if was := keep.sameWheels(toolchainDigest, p); found == nil && was != nil {
		p.Wheels = was
		return nil
	}
	if found == nil {
		var err error
		if found, err = r.lookInto(ctx, q, t, p, pylock, made); err != nil {
			return err
		}
	}
	for _, e := range found.Environment {
		return &EnvironmentError{Package: e.Package, Path: e.Path}
	}
	p.Wheels = &found.WheelFiles
	return nil
}

// sameWheels returns the WheelFiles of a lock with the same wheels; nil if the
// wheels differ or were not inspected.
func (l *Lock) sameWheels(toolchainDigest string, p *Platform) *WheelFiles {
	if was := l.samePlatform(toolchainDigest, p); was != nil {
		return was.Wheels
	}
	return nil
}

func (r *Resolver) lookInto(ctx context.Context, q Request, t toolchain.Toolchain, p *Platform, pylock []byte, made map[string]toolchain.Step) (*wheelReport, error) {
	mounts, requested, err := wheelRequest(q, t, p, pylock, made)
	if err != nil {
		return nil, err
	}
	ref, err := r.Gateway.Step(ctx, t, toolchain.Step{
		Name:    fmt.Sprintf("look into %d wheels for %s", len(requested), p.Name),
		Script:  script("lookinto.py"),
		Args:    []string{requestDir + "/request.json"},
		Mounts:  append(mounts, request(t, map[string]any{"wheels": requested, "indexes": q.Indexes})),
		Network: true,
		Secrets: secrets(q.Indexes),
	})
	if err != nil {
		return nil, err
	}
	return r.readWheelReport(ctx, ref)
}

// wheelRequest lists the wheels of a platform for a script, with the mounts of those
// that are not fetched. The steps in made built their wheels before the hash was
// known.
func wheelRequest(q Request, t toolchain.Toolchain, p *Platform, pylock []byte, made map[string]toolchain.Step) (mounts []toolchain.Mount, requested []map[string]string, err error) {
	wheels, sources, err := p.installs(t.Version, pylock)
	if err != nil {
		return nil, nil, err
	}
	const dir = "/run/wheels"
	requested = []map[string]string{}
	for _, w := range wheels {
		if w.Path == "" {
			requested = append(requested, map[string]string{"name": w.Name, "url": w.URL})
			continue
		}
		at := path.Join(dir, w.Filename)
		source, from := q.Context.At(w.Path)
		mounts = append(mounts, toolchain.Mount{Path: at, Source: source, From: from})
		requested = append(requested, map[string]string{"name": w.Name, "path": at})
	}
	built := p.BuiltByName()
	for _, s := range sources {
		b := built[s.Name]
		at := path.Join(dir, b.Filename)
		build, ok := made[s.Name]
		if !ok {
			if build, err = BuildStep(s, b, t, q.Context, q.Indexes); err != nil {
				return nil, nil, err
			}
		}
		mounts = append(mounts, toolchain.Mount{Path: at, Source: t.Run(build), From: b.Filename})
		requested = append(requested, map[string]string{"name": s.Name, "path": at})
	}
	return mounts, requested, nil
}
