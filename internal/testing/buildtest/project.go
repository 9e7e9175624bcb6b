package buildtest

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/moby/buildkit/client"
)

// BuildLimit bounds a single build; a test that hangs says where.
const BuildLimit = 20 * time.Minute

// Project is a project and the builder that builds it.
type Project struct {
	*lab.Project
	// Builder builds it.
	Builder *builder.Builder
}

// On returns the same project with its own copy of the settings, built on another
// builder.
func (p *Project) On(b *builder.Builder) *Project {
	return &Project{&lab.Project{Dir: p.Dir, Contexts: maps.Clone(p.Contexts)}, b}
}

// Outcome is the result of a build, whether it succeeded or not.
type Outcome struct {
	*build.Result
	// Log is BuildKit's plain progress display.
	Log string
}

// Start runs a build with the options that a test changes.
func (p *Project) Start(t *testing.T, change func(*build.Options)) (Outcome, error) {
	t.Helper()
	return p.StartIn(t.Context(), t, change)
}

// StartIn is Start with a context.
func (p *Project) StartIn(ctx context.Context, t *testing.T, change func(*build.Options)) (Outcome, error) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	o := build.Options{Context: p.Dir, Contexts: p.Contexts, Args: map[string]string{}, Progress: "plain", Log: log}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithTimeout(ctx, BuildLimit)
	defer cancel()
	r, err := build.Run(ctx, p.Builder, o)
	words, readErr := os.ReadFile(log.Name())
	if readErr != nil {
		t.Fatal(readErr)
	}
	return Outcome{Result: r, Log: string(words)}, err
}

// TryLock makes the lock and writes it into the project.
func (p *Project) TryLock(t *testing.T, change func(*build.Options)) (Outcome, error) {
	t.Helper()
	out := t.TempDir()
	o, err := p.Start(t, func(o *build.Options) {
		o.Target = frontend.OutputLock
		o.Exports = []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: out}}
		if change != nil {
			change(o)
		}
	})
	if err != nil {
		return o, err
	}
	for name, text := range lab.Files(t, out, "*") {
		p.Write(t, name, text)
	}
	return o, nil
}

// Lock makes a lock, which has to succeed.
func (p *Project) Lock(t *testing.T) Outcome { t.Helper(); return p.LockWith(t, nil) }

// LockWith is Lock with the options that a test changes.
func (p *Project) LockWith(t *testing.T, change func(*build.Options)) Outcome {
	t.Helper()
	o, err := p.TryLock(t, change)
	if err != nil {
		t.Fatalf("lock: %v\n%s", err, lab.Tail(o.Log))
	}
	return o
}

// TryBuild builds to an OCI layout. With a failed build nothing may be in it.
func (p *Project) TryBuild(t *testing.T, change func(*build.Options)) (*Image, Outcome, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "image")
	o, err := p.Export(t, client.ExportEntry{Type: client.ExporterOCI, OutputDir: dir, Attrs: map[string]string{"tar": "false"}}, change)
	if err != nil {
		if blobs, _ := filepath.Glob(filepath.Join(dir, "blobs", "*", "*")); len(blobs) > 0 {
			t.Errorf("the build failed, and yet it exported %d blobs", len(blobs))
		}
		return nil, o, err
	}
	return openImage(t, dir, o), o, nil
}

// Export builds and exports.
func (p *Project) Export(t *testing.T, to client.ExportEntry, change func(*build.Options)) (Outcome, error) {
	t.Helper()
	return p.Start(t, func(o *build.Options) {
		o.Exports = []client.ExportEntry{to}
		if change != nil {
			change(o)
		}
	})
}

// Build builds an image, which has to succeed.
func (p *Project) Build(t *testing.T) *Image { t.Helper(); return p.BuildWith(t, nil) }

// BuildWith is Build with the options that a test changes.
func (p *Project) BuildWith(t *testing.T, change func(*build.Options)) *Image {
	t.Helper()
	i, o, err := p.TryBuild(t, change)
	if err != nil {
		t.Fatalf("build: %v\n%s", err, lab.Tail(o.Log))
	}
	return i
}

// DemandLock is --locked.
func DemandLock(o *build.Options) { o.Args[frontend.ArgLocked] = "1" }

// Upgrade is deployfile lock --upgrade.
func Upgrade(packages string) func(*build.Options) {
	return func(o *build.Options) { o.Args[frontend.ArgUpgrade] = packages }
}
