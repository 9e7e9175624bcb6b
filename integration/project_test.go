//go:build integration

package integration

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

// buildLimit is how long a single build may take; a test that hangs says
// where it does.
const buildLimit = 10 * time.Minute

// project is a project and the builder that builds it.
type project struct {
	*lab.Project
	builder *builder.Builder
}

// example is a copy of one of the examples, without a lock.
func example(t *testing.T, name string) *project {
	t.Helper()
	return &project{lab.Example(t, shared.Parts, filepath.Join("..", "examples", name)), shared.builder}
}

// newProject is a project with these files, by name.
func newProject(t *testing.T, files map[string]string) *project {
	t.Helper()
	return &project{lab.NewProject(t, shared.Parts, files), shared.builder}
}

// tiny is a project that builds within seconds; see lab.Tiny.
func tiny(t *testing.T, environment string, requirements ...string) *project {
	t.Helper()
	return &project{lab.Tiny(t, shared.Parts, environment, requirements...), shared.builder}
}

// on is the same project with its own copy of the settings, built on another
// builder.
func (p *project) on(b *builder.Builder) *project {
	return &project{&lab.Project{Dir: p.Dir, Contexts: maps.Clone(p.Contexts)}, b}
}

// outcome is what is known after a build, whether it succeeded or not.
type outcome struct {
	*build.Result
	// log is BuildKit's plain progress display.
	log string
}

// start runs a build with the options that a test changes.
func (p *project) start(t *testing.T, change func(*build.Options)) (outcome, error) {
	t.Helper()
	return p.startIn(t.Context(), t, change)
}

func (p *project) startIn(ctx context.Context, t *testing.T, change func(*build.Options)) (outcome, error) {
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
	ctx, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	r, err := build.Run(ctx, p.builder, o)
	words, readErr := os.ReadFile(log.Name())
	if readErr != nil {
		t.Fatal(readErr)
	}
	return outcome{Result: r, log: string(words)}, err
}

// tryLock makes the lock and writes it into the project.
func (p *project) tryLock(t *testing.T, change func(*build.Options)) (outcome, error) {
	t.Helper()
	out := t.TempDir()
	o, err := p.start(t, func(o *build.Options) {
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

func (p *project) lock(t *testing.T) outcome { t.Helper(); return p.lockWith(t, nil) }

func (p *project) lockWith(t *testing.T, change func(*build.Options)) outcome {
	t.Helper()
	o, err := p.tryLock(t, change)
	if err != nil {
		t.Fatalf("lock: %v\n%s", err, lab.Tail(o.log))
	}
	return o
}

// tryBuild builds to an OCI layout. With a failed build nothing may be in it.
func (p *project) tryBuild(t *testing.T, change func(*build.Options)) (*image, outcome, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "image")
	o, err := p.export(t, client.ExportEntry{Type: client.ExporterOCI, OutputDir: dir, Attrs: map[string]string{"tar": "false"}}, change)
	if err != nil {
		if blobs, _ := filepath.Glob(filepath.Join(dir, "blobs", "*", "*")); len(blobs) > 0 {
			t.Errorf("the build failed, and yet it exported %d blobs", len(blobs))
		}
		return nil, o, err
	}
	return openImage(t, dir, o), o, nil
}

// export builds and exports.
func (p *project) export(t *testing.T, to client.ExportEntry, change func(*build.Options)) (outcome, error) {
	t.Helper()
	return p.start(t, func(o *build.Options) {
		o.Exports = []client.ExportEntry{to}
		if change != nil {
			change(o)
		}
	})
}

func (p *project) build(t *testing.T) *image { t.Helper(); return p.buildWith(t, nil) }

func (p *project) buildWith(t *testing.T, change func(*build.Options)) *image {
	t.Helper()
	i, o, err := p.tryBuild(t, change)
	if err != nil {
		t.Fatalf("build: %v\n%s", err, lab.Tail(o.log))
	}
	return i
}

// demandLock is --locked.
func demandLock(o *build.Options) { o.Args[frontend.ArgLocked] = "1" }

// upgrade is deployfile lock --upgrade.
func upgrade(packages string) func(*build.Options) {
	return func(o *build.Options) { o.Args[frontend.ArgUpgrade] = packages }
}
