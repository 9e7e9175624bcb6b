package main

import (
	"context"
	"os"

	"github.com/moby/buildkit/client"
)

// way is one of the ways to make the image.
type way interface {
	// name is short, title what the table calls it.
	name() string
	title() string
	// write writes into dir what the user of this way has there, or edits
	// for a change. It is not measured.
	write(ctx context.Context, l *lab, dir string, i inputs) error
	// steps are what the user runs after a change, or to build what did not
	// change. They are measured one by one.
	steps(changed bool) []step
}

// step is a command that is measured.
type step struct {
	name string
	run  func(context.Context, call) error
}

// call is what a step gets.
type call struct {
	lab *lab
	rig *rig
	// dir is the project, tag what the image is pushed as.
	dir, tag string
	// log receives BuildKit's rawjson progress.
	log *os.File
}

func ways() []way {
	return []way{deployfileWay{}, deployfileWay{verify: true}, tunedWay{}, mlflowWay{}}
}

func wayNames() []string {
	var out []string
	for _, w := range ways() {
		out = append(out, w.name())
	}
	return out
}

// export pushes the image, which the builder keeps too. Compression is
// BuildKit's default, gzip.
func (c call) export() client.ExportEntry {
	return client.ExportEntry{Type: client.ExporterImage, Attrs: map[string]string{"name": c.tag, "push": "true"}}
}
