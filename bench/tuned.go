package main

import (
	"context"
	_ "embed"
	"os"
	"path/filepath"
)

// tunedWay builds a Dockerfile as an expert in BuildKit and uv would write it.
type tunedWay struct{}

//go:embed tuned.Dockerfile
var tunedDockerfile []byte

func (tunedWay) name() string  { return "tuned" }
func (tunedWay) title() string { return "hand-tuned Dockerfile" }

// write writes the Dockerfile, which names the base, and the model beside it.
func (tunedWay) write(_ context.Context, _ *lab, dir string, i inputs) error {
	text := append([]byte("ARG BASE="+i.base+"\n"), tunedDockerfile...)
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), text, 0o644); err != nil {
		return err
	}
	return i.writeModel(filepath.Join(dir, "model"))
}

func (tunedWay) steps(bool) []step {
	return []step{{"build", func(ctx context.Context, c call) error {
		args := map[string]string{}
		if c.lab.ca != "" {
			args["PIP_CERT"], args["SSL_CERT_FILE"] = caFile, caFile
		}
		return buildDockerfile(ctx, c, args)
	}}}
}
