package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// inputs are what scenarios change.
type inputs struct {
	// model is the directory of the MLflow model, base the reference of the
	// base image.
	model, base string
	// bumped selects one of the two pins of the small requirement, weights one of
	// the large files: none, the first or the second.
	bumped  bool
	weights int
	// size is that of the large file in bytes.
	size int
}

// scenario is a change to a built project.
type scenario struct {
	name, title string
	// before is a change that is built but not measured, nil if none is needed;
	// change is the measured change.
	before, change func(*lab, *inputs)
	// asked says that it takes long, and is only measured if it is asked for.
	asked bool
	// times is how often it is measured in each run, once if 0.
	times int
}

const cold = "cold"

// What is measured of the server of the cold build's image.
const (
	starting  = "start"
	answering = "serving"
)

// wants reports whether a scenario, or a measurement of the server, is to be measured.
func (l *lab) wants(name string) bool { return len(l.only) == 0 || slices.Contains(l.only, name) }

// scenarios returns the scenarios in order, as they follow one another on one
// builder.
func scenarios() []scenario {
	return []scenario{
		{name: cold, title: "cold: new builder, new registry"},
		{name: "nothing", title: "nothing changed", times: 5},
		{name: "model", title: "small model file changed", change: func(l *lab, i *inputs) { i.model = l.retrained }},
		{name: "bump", title: "one small requirement bumped", change: func(_ *lab, i *inputs) { i.bumped = true }},
		{name: "base", title: "base image changed", change: func(l *lab, i *inputs) { i.base = l.bases.ref("base:2") }},
		{
			name: "large", title: "large model file changed (200 MB)",
			before: func(_ *lab, i *inputs) { i.weights, i.size = 1, 200e6 },
			change: func(_ *lab, i *inputs) { i.weights = 2 },
		},
		{
			name: "gigabyte", title: "larger model file changed (1 GB)", asked: true,
			before: func(_ *lab, i *inputs) { i.weights, i.size = 3, 1e9 },
			change: func(_ *lab, i *inputs) { i.weights = 4 },
		},
	}
}

func scenarioNames() []string {
	out := []string{starting, answering}
	for _, s := range scenarios() {
		if s.name != cold {
			out = append(out, s.name)
		}
	}
	return out
}

// The small requirement: pure Python, 35 kB, which the model of examples/iris
// needs anyway.
const (
	requirement       = "prettytable==3.15.0"
	requirementBumped = "prettytable==3.15.1"
)

// writeModel writes the model directory for the inputs.
func (i inputs) writeModel(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.CopyFS(dir, os.DirFS(i.model)); err != nil {
		return err
	}
	pin := requirement
	if i.bumped {
		pin = requirementBumped
	}
	file := filepath.Join(dir, "requirements.txt")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(string(text)+"\n"+pin+"\n"), 0o644); err != nil {
		return err
	}
	if i.weights == 0 {
		return nil
	}
	// As hard to compress as weights, and the same in every run.
	data := make([]byte, i.size)
	source := rand.NewChaCha8([32]byte{byte(i.weights)})
	if _, err := source.Read(data); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "weights.bin"), data, 0o644)
}
