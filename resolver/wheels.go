package resolver

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/deployfile/deployfile/toolchain"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// WheelFiles say what a platform's wheels bring that is not theirs alone. Paths
// are relative to the virtual environment.
type WheelFiles struct {
	// Conflicts are files that several packages bring with other contents, or
	// that the image's own start command takes the place of.
	Conflicts []FileConflict `toml:"conflicts,omitempty" json:"conflicts"`
	// Startup are files that Python reads at every start.
	Startup []StartupFiles `toml:"startup,omitempty" json:"startup"`
	// Unread says which wheels could not be looked into and why, "NAME: …".
	Unread []string `toml:"unread,omitempty" json:"unread"`
}

// FileConflict are files that packages bring with other contents.
type FileConflict struct {
	// Packages are normalised names, in their order. If there is one, what it
	// brings is in the place of the image's own start command.
	Packages []string `toml:"packages" json:"packages"`
	// Count is how many files there are, Paths the first ten of them.
	Count int      `toml:"count" json:"count"`
	Paths []string `toml:"paths" json:"paths"`
}

// What StartupFiles do when Python starts (the module site of Python's library).
const (
	// StartupModule is a sitecustomize or usercustomize, which is imported.
	StartupModule = "module"
	// StartupCode is a .pth file with lines that are run.
	StartupCode = "code"
	// StartupPaths is a .pth file that adds to where modules are looked for.
	StartupPaths = "paths"
	// StartupNamespace is a .pth file with the text that setuptools writes for
	// packages that share a namespace, and StartupDistutils the one of
	// setuptools itself.
	StartupNamespace = "namespace"
	StartupDistutils = "distutils"
)

// StartupFiles are files of a package that Python reads at every start.
type StartupFiles struct {
	// Package is a normalised name, Kind one of the Startup constants.
	Package string `toml:"package" json:"package"`
	Kind    string `toml:"kind" json:"kind"`
	// Count is how many files there are, Paths the first ten of them.
	Count int      `toml:"count" json:"count"`
	Paths []string `toml:"paths" json:"paths"`
}

// check refuses what would be more than a name or a path where it is shown.
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
	for _, text := range slices.Concat(paths, w.Unread) {
		if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			return fmt.Errorf("the path or message %q of a wheel has a character that cannot be shown", text)
		}
	}
	return nil
}

// EnvironmentError says that a package brings what is the virtual environment's
// own: its configuration, its interpreter or one of its folders.
type EnvironmentError struct {
	// Package is a normalised name, Path relative to the environment.
	Package, Path string
}

// Error says what to do.
func (e *EnvironmentError) Error() string {
	return fmt.Sprintf("package %s brings %s, which is the environment's own, and would decide which Python runs: take another version of it, or leave it out", e.Package, path.Join(toolchain.VirtualEnv, e.Path))
}

// wheelReport is what looking into wheels found out.
type wheelReport struct {
	WheelFiles
	// Environment are files that no package may bring.
	Environment []struct{ Package, Path string } `json:"environment"`
}

// readWheelReport reads what a step found out, nil if it left that to another.
func (r *Resolver) readWheelReport(ctx context.Context, ref gwclient.Reference) (*wheelReport, error) {
	var out *wheelReport
	err := r.Gateway.ReadJSON(ctx, ref, "wheels.json", &out)
	return out, err
}

// wheelFiles fills in what the platform's wheels bring: what the step that
// resolved found out, else what is locked already. Wheels that are built are
// looked into in a step of its own, with all others.
func (r *Resolver) wheelFiles(ctx context.Context, q Request, keep *Lock, toolchainDigest string, t toolchain.Toolchain, p *Platform, pylock []byte, found *wheelReport, made []string) error {
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

// sameWheels are the WheelFiles of a lock that holds the same wheels, nil if it
// holds others or was made without looking into them.
func (l *Lock) sameWheels(toolchainDigest string, p *Platform) *WheelFiles {
	if was := l.samePlatform(toolchainDigest, p); was != nil {
		return was.Wheels
	}
	return nil
}

func (r *Resolver) lookInto(ctx context.Context, q Request, t toolchain.Toolchain, p *Platform, pylock []byte, made []string) (*wheelReport, error) {
	wheels, sources, err := p.installs(t, pylock)
	if err != nil {
		return nil, err
	}
	const dir = "/run/wheels"
	var mounts []toolchain.Mount
	requested := []map[string]string{}
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
		pinned := b
		if slices.Contains(made, s.Name) {
			// The step that made it, which did not know yet what would come out.
			pinned = BuiltWheel{Name: s.Name, Version: s.Version}
		}
		build, err := BuildStep(s, pinned, t, q.Context, q.Indexes)
		if err != nil {
			return nil, err
		}
		mounts = append(mounts, toolchain.Mount{Path: at, Source: t.Run(build), From: b.Filename})
		requested = append(requested, map[string]string{"name": s.Name, "path": at})
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
