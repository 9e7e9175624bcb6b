package build

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/moby/buildkit/client"
	"github.com/tonistiigi/go-csvvalue"
)

// Output is a destination of the result, as in buildx's --output:
// https://docs.docker.com/reference/cli/docker/buildx/build/#output.
type Output struct {
	// Type is local, tar, oci, docker, image, registry or cacheonly.
	Type string
	// Dest is a file or directory; "-" is standard output.
	Dest string
	// Attrs are the exporter's own options.
	Attrs map[string]string

	// engine receives the image if Type is typeEngine.
	engine *Engine
}

// ParseOutput parses one value of --output: type=TYPE[,KEY=VALUE…], a
// directory, or "-" for a tar archive on standard output.
func ParseOutput(text string) (Output, error) {
	fields, err := csvvalue.Fields(text, nil)
	if err != nil {
		return Output{}, &UsageError{Option: "output", Err: err}
	}
	if len(fields) == 1 && !strings.Contains(fields[0], "=") {
		if text == "-" {
			return Output{Type: client.ExporterTar, Dest: "-"}, nil
		}
		return Output{Type: client.ExporterLocal, Dest: text}, nil
	}
	o := Output{Attrs: map[string]string{}}
	for _, f := range fields {
		key, value, ok := strings.Cut(f, "=")
		switch key = strings.ToLower(strings.TrimSpace(key)); {
		case !ok:
			return Output{}, &UsageError{Option: "output", Err: fmt.Errorf("%q is not KEY=VALUE", f)}
		case key == "type":
			o.Type = value
		case key == "dest":
			o.Dest = value
		default:
			o.Attrs[key] = value
		}
	}
	return o, o.check()
}

const (
	typeRegistry  = "registry"
	typeCacheOnly = "cacheonly"
	typeEngine    = "engine" // see Engine.Output
)

// check reports errors that the builder would report only after the build.
func (o Output) check() error {
	wrong := func(format string, args ...any) error {
		return &UsageError{Option: "output", Err: fmt.Errorf(format, args...)}
	}
	known := []string{client.ExporterImage, typeRegistry, client.ExporterOCI, client.ExporterDocker, client.ExporterTar, client.ExporterLocal, typeCacheOnly}
	switch {
	case o.Type == "":
		return wrong("type=… is missing: one of %s", strings.Join(known, ", "))
	case !slices.Contains(known, o.Type):
		return wrong("type %q is not known: one of %s is", o.Type, strings.Join(known, ", "))
	case o.Attrs["output"] != "":
		return wrong("output=%s is not an option: write dest=%[1]s", o.Attrs["output"])
	case o.toDirectory() && (o.Dest == "" || o.Dest == "-"):
		return wrong("type=%s needs dest=DIRECTORY", o.Type)
	case !o.toDirectory() && !o.toFile() && o.Dest != "":
		return wrong("type=%s takes no dest=", o.Type)
	}
	return nil
}

func (o Output) toFile() bool {
	return o.Type == client.ExporterTar || o.archive() && !o.toDirectory()
}

func (o Output) toDirectory() bool {
	tar, err := strconv.ParseBool(o.Attrs["tar"])
	return o.Type == client.ExporterLocal || o.archive() && err == nil && !tar
}

func (o Output) archive() bool {
	return o.Type == client.ExporterOCI || o.Type == client.ExporterDocker
}

// ToStdout reports whether the result is written to standard output.
func (o Output) ToStdout() bool { return o.toFile() && (o.Dest == "" || o.Dest == "-") }

// Pushes reports whether the result is pushed to a registry.
func (o Output) Pushes() bool { return o.Type == typeRegistry || pushes(o.Attrs) }

// pushes reports whether an exporter with these options pushes.
func pushes(attrs map[string]string) bool {
	push, _ := strconv.ParseBool(attrs["push"])
	return push
}

// entry returns the output for BuildKit's client, and the file to commit after
// the build, if there is one.
func (o Output) entry(stdout io.Writer) (*client.ExportEntry, *PendingFile, error) {
	e := &client.ExportEntry{Type: o.Type, Attrs: maps.Clone(o.Attrs)}
	switch {
	case o.Type == typeCacheOnly:
		return nil, nil, nil
	case o.Type == typeRegistry:
		e.Type = client.ExporterImage
		if e.Attrs == nil {
			e.Attrs = map[string]string{}
		}
		e.Attrs["push"] = "true"
	case o.Type == typeEngine:
		e.Type = client.ExporterDocker
		e.Output = func(map[string]string) (io.WriteCloser, error) { return o.engine.load(), nil }
	case o.toDirectory():
		e.OutputDir = o.Dest
	case o.ToStdout():
		if terminal.Is(stdout) {
			return nil, nil, &UsageError{Option: "output", Err: fmt.Errorf("type=%s needs dest=FILE: standard output is a terminal", o.Type)}
		}
		e.Output = func(map[string]string) (io.WriteCloser, error) { return keepOpen{stdout}, nil }
	case o.toFile():
		p := &PendingFile{path: o.Dest}
		// Fail before the build, not after it.
		if err := p.create(); err != nil {
			return nil, nil, err
		}
		e.Output = func(map[string]string) (io.WriteCloser, error) { return p, nil }
		return e, p, nil
	}
	return e, nil, nil
}

type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }

// Named reports whether the output names the image.
func (o Output) Named() bool {
	return o.archive() || o.Type == client.ExporterImage || o.Type == typeRegistry
}
