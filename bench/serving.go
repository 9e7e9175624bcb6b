package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/deployfile/deployfile/bench/internal/serving"
)

// served is how the server of a way's image answers requests.
type served struct {
	Way string `json:"way"`
	serving.Result
}

// largeRows is the number of rows of a large body.
const largeRows = 5000

// measureServing sends requests to the server of the image that a way has pushed.
func (c call) measureServing(ctx context.Context, w way, model, log string) (served, error) {
	small, err := os.ReadFile(filepath.Join(model, "serving_input_example.json"))
	if err != nil {
		return served{}, err
	}
	large, err := manyRows(small, largeRows)
	if err != nil {
		return served{}, err
	}
	config, err := c.rig.registry.config(ctx, "model:latest")
	if err != nil {
		return served{}, err
	}
	data, err := c.inImage(ctx, config, imageRun{
		name:    "send requests",
		program: c.lab.load,
		files:   map[string][]byte{"small.json": small, "large.json": large},
		args:    []string{"/bench/load", "/bench/small.json", "/bench/large.json", resultFile, "8080"},
		// MLflow's image starts a worker for each core, unless it is told.
		variable: "MLFLOW_MODELS_WORKERS=1",
		log:      log,
	})
	if err != nil {
		return served{}, err
	}
	s := served{Way: w.name()}
	return s, json.Unmarshal(data, &s.Result)
}

// manyRows repeats the rows of a request.
func manyRows(request []byte, rows int) ([]byte, error) {
	var body map[string]map[string]json.RawMessage
	if err := json.Unmarshal(request, &body); err != nil {
		return nil, err
	}
	split := body["dataframe_split"]
	var data, many []json.RawMessage
	if err := json.Unmarshal(split["data"], &data); err != nil || len(data) == 0 {
		return nil, errors.Join(errors.New("the model's saved input has no rows in dataframe_split"), err)
	}
	for n := range rows {
		many = append(many, data[n%len(data)])
	}
	var err error
	if split["data"], err = json.Marshal(many); err != nil {
		return nil, err
	}
	return json.Marshal(body)
}

// buildLoad builds the program that sends requests, which runs in any image.
func (l *lab) buildLoad(ctx context.Context) error {
	l.load = filepath.Join(l.dir, "load", "load")
	c := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w", "-o", l.load, "./bench/load")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("go build ./bench/load: %w\n%s", err, out)
	}
	return nil
}
