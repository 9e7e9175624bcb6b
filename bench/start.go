package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// startRuns is how often each image is started; the first time with a cold page cache.
const startRuns = 4

//go:embed start.py
var startSource []byte

// start is one start of an image's server, to its first answer.
type start struct {
	Way string `json:"way"`
	// Title is the row of the table.
	Title   string  `json:"title"`
	Cold    bool    `json:"cold,omitempty"`
	Seconds float64 `json:"seconds"`
	Answer  string  `json:"answer"`
}

// starter is a way whose image has further ways to start, by a variable.
type starter interface{ variants() map[string]string }

// variants starts the image as deployfile did before it imported less.
func (w deployfileWay) variants() map[string]string {
	return map[string]string{w.title() + ", `DEPLOYFILE_LEAN_START=0`": "DEPLOYFILE_LEAN_START=0"}
}

// measureStarts starts the image that a way has pushed, in a step of its builder: each
// variant in turn, the first time with a cold page cache.
func (c call) measureStarts(ctx context.Context, w way, model, logs string) ([]start, error) {
	config, err := c.rig.registry.config(ctx, "model:latest")
	if err != nil {
		return nil, err
	}
	titles, variables := []string{w.title()}, []string{""}
	if s, ok := w.(starter); ok {
		for title, variable := range s.variants() {
			titles, variables = append(titles, title), append(variables, variable)
		}
	}
	// The builder unpacks the image for the first step, so that one is not counted.
	if _, err := c.startImage(ctx, config, model, "", logs+"-unpack.json"); err != nil {
		return nil, err
	}
	var out []start
	for run := range startRuns {
		for n, title := range titles {
			if run == 0 {
				if err := os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0); err != nil {
					return nil, err
				}
			}
			s, err := c.startImage(ctx, config, model, variables[n], fmt.Sprintf("%s-%d-%d.json", logs, run, n))
			if err != nil {
				return nil, err
			}
			s.Way, s.Title, s.Cold = w.name(), title, run == 0
			fmt.Fprintf(os.Stderr, "%s, start to first answer: %.2f s\n", title, s.Seconds)
			out = append(out, s)
		}
	}
	return out, nil
}

func (c call) startImage(ctx context.Context, config v1.Config, model, variable, log string) (s start, err error) {
	request, err := os.ReadFile(filepath.Join(model, "serving_input_example.json"))
	if err != nil {
		return s, err
	}
	data, err := c.inImage(ctx, config, imageRun{
		name:     "start",
		files:    map[string][]byte{"start.py": startSource, "request.json": request},
		args:     []string{"python3", "/bench/start.py", resultFile, "/bench/request.json", "8080"},
		variable: variable, log: log,
	})
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(data, &s)
}

// config returns the configuration of an image in the registry.
func (r *registry) config(ctx context.Context, tag string) (v1.Config, error) {
	ref, err := name.NewTag(r.ref(tag), name.Insecure)
	if err != nil {
		return v1.Config{}, err
	}
	img, err := remote.Image(ref, remote.WithContext(ctx))
	if err != nil {
		return v1.Config{}, err
	}
	file, err := img.ConfigFile()
	if err != nil {
		return v1.Config{}, err
	}
	return file.Config, nil
}
