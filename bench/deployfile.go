package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/frontend"
	"github.com/moby/buildkit/client"
)

// deployfileWay measures this project: deployfile lock, then deployfile build
// --push, with the verify step or, like the other ways, without it, and with layers
// compressed by gzip, like the others, or by zstd.
type deployfileWay struct{ verify, zstd bool }

func (w deployfileWay) name() string {
	return "deployfile" + w.words("-")
}

func (w deployfileWay) title() string {
	return "Deployfile" + w.words(", ")
}

// words says what is special, each word after a separator.
func (w deployfileWay) words(separator string) (text string) {
	if w.verify {
		text += separator + "verified"
	}
	if w.zstd {
		text += separator + "zstd"
	}
	return text
}

// write writes a Deployfile with the base of the Dockerfiles; the lock stays.
func (w deployfileWay) write(_ context.Context, l *lab, dir string, i inputs) error {
	text, err := os.ReadFile(filepath.Join("examples", l.model, "Deployfile"))
	if err != nil {
		return err
	}
	base := fmt.Sprintf("[environment]\nbase = %q\n", i.base)
	file, ok := strings.CutSuffix(strings.Replace(string(text), "[environment]\n", base, 1), "\n")
	if ok && !strings.Contains(file, base) {
		file += "\n" + base
	}
	if w.zstd {
		file = "image.compression = \"zstd\"\n" + file
	}
	if err := os.WriteFile(filepath.Join(dir, "Deployfile"), []byte(file), 0o644); err != nil {
		return err
	}
	return i.writeModel(filepath.Join(dir, "model"))
}

func (w deployfileWay) steps(changed bool) []step {
	if !changed {
		return []step{{"build", w.build}}
	}
	return []step{{"lock", w.lock}, {"build", w.build}}
}

func (w deployfileWay) lock(ctx context.Context, c call) error {
	return w.run(ctx, c, build.Options{
		Target:  frontend.OutputLock,
		Exports: []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: c.dir}},
	})
}

func (w deployfileWay) build(ctx context.Context, c call) error {
	args := map[string]string{frontend.ArgLocked: "1"}
	if !w.verify {
		args[frontend.ArgVerify] = "0"
	}
	return w.run(ctx, c, build.Options{Args: args, Exports: []client.ExportEntry{c.export()}})
}

func (deployfileWay) run(ctx context.Context, c call, o build.Options) error {
	o.Context, o.Progress, o.Log = c.dir, "rawjson", c.log
	_, err := build.Run(ctx, c.rig.builder, o)
	return err
}
