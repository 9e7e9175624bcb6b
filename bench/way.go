package main

import (
	"context"
	"os"

	"github.com/moby/buildkit/client"
)

// way is one of the ways to make the image.
type way interface {
	// name is short, title is for the table.
	name() string
	title() string
	// write writes the user's files into dir, or edits them for a change. It is
	// not measured.
	write(ctx context.Context, l *lab, dir string, i inputs) error
	// steps returns what the user runs after a change, or to build without one.
	// Each step is measured.
	steps(changed bool) []step
}

// step is a measured command.
type step struct {
	name string
	run  func(context.Context, call) error
}

// call is the input of a step.
type call struct {
	lab *lab
	rig *rig
	// dir is the project, tag the name to push.
	dir, tag string
	// log receives BuildKit's rawjson progress.
	log *os.File
}

func ways() []way {
	return []way{deployfileWay{}, deployfileWay{verify: true}, deployfileWay{zstd: true}, deployfileWay{verify: true, zstd: true}, tunedWay{}, mlflowWay{}}
}

func wayNames() []string {
	var out []string
	for _, w := range ways() {
		out = append(out, w.name())
	}
	return out
}

// export returns an export that pushes the image and keeps it in the builder.
// Compression is BuildKit's default, gzip.
func (c call) export() client.ExportEntry {
	return client.ExportEntry{Type: client.ExporterImage, Attrs: map[string]string{"name": c.tag, "push": "true"}}
}
