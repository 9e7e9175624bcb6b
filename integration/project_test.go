package integration

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/frontend"
	"github.com/moby/buildkit/client"
)

// buildLimit is how long a single build may take; a test that hangs says
// where it does.
const buildLimit = 10 * time.Minute

// project is a folder with a Deployfile, as a user has one.
type project struct {
	dir     string
	builder *builder.Builder
	// contexts are the named build contexts of every build.
	contexts map[string]string
}

// example is a copy of one of the examples, without a lock.
func example(t *testing.T, name string) *project {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "examples", name))); err != nil {
		t.Fatal(err)
	}
	locks, err := filepath.Glob(filepath.Join(dir, "*lock*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range locks {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	return projectIn(dir)
}

// newProject is a project with these files, by name.
func newProject(t *testing.T, files map[string]string) *project {
	t.Helper()
	p := projectIn(filepath.Join(t.TempDir(), "project"))
	for name, text := range files {
		p.write(t, name, text)
	}
	return p
}

func projectIn(dir string) *project {
	return &project{dir: dir, builder: lab.builder, contexts: map[string]string{
		"base":      "oci-layout://" + lab.base,
		"toolchain": "oci-layout://" + lab.toolchain,
	}}
}

// on is the same project with its own copy of the settings, built on another
// builder.
func (p *project) on(b *builder.Builder) *project {
	return &project{dir: p.dir, builder: b, contexts: maps.Clone(p.contexts)}
}

func (p *project) path(name string) string { return filepath.Join(p.dir, filepath.FromSlash(name)) }

func (p *project) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.path(name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (p *project) read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(p.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// edit replaces a text that must be in the file.
func (p *project) edit(t *testing.T, name, old, new string) {
	t.Helper()
	text := p.read(t, name)
	if !strings.Contains(text, old) {
		t.Fatalf("%s does not contain %q:\n%s", name, old, text)
	}
	p.write(t, name, strings.ReplaceAll(text, old, new))
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
	o := build.Options{Context: p.dir, Contexts: p.contexts, Args: map[string]string{}, Progress: "plain", Log: log}
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
		o.Target = frontend.TargetLock
		o.Exports = []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: out}}
		if change != nil {
			change(o)
		}
	})
	if err != nil {
		return o, err
	}
	files, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(out, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		p.write(t, f.Name(), string(data))
	}
	return o, nil
}

func (p *project) lock(t *testing.T) outcome { t.Helper(); return p.lockWith(t, nil) }

func (p *project) lockWith(t *testing.T, change func(*build.Options)) outcome {
	t.Helper()
	o, err := p.tryLock(t, change)
	if err != nil {
		t.Fatalf("lock: %v\n%s", err, tail(o.log))
	}
	return o
}

// lockFiles are the bytes of the files that a lock is made of.
func (p *project) lockFiles(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob(p.path("*lock*"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, n := range names {
		files[filepath.Base(n)] = p.read(t, filepath.Base(n))
	}
	return files
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
		t.Fatalf("build: %v\n%s", err, tail(o.log))
	}
	return i
}

// tail is the end of a log, which is where a failure is.
func tail(log string) string {
	lines := bytes.SplitAfter([]byte(log), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-60):], nil))
}

// demandLock is --locked.
func demandLock(o *build.Options) { o.Args[frontend.ArgLocked] = "1" }

// upgrade is deployfile lock --upgrade.
func upgrade(packages string) func(*build.Options) {
	return func(o *build.Options) { o.Args[frontend.ArgUpgrade] = packages }
}
