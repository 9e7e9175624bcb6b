package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// lab is shared by all measurements.
type lab struct {
	options
	dir string
	// bases is the registry with the base images.
	bases *registry
	// first and retrained are two models of the same example, with the same
	// packages.
	first, retrained string
	// ca is a file with this machine's certificate authorities, "" if the images'
	// own are enough.
	ca string
	// load is the program that sends requests.
	load string
}

func newLab(ctx context.Context, o options) (_ *lab, err error) {
	l := &lab{options: o, ca: os.Getenv("SSL_CERT_FILE")}
	if l.dir, err = os.MkdirTemp("", "deployfile-bench-"); err != nil {
		return nil, err
	}
	if l.bases, err = startRegistry(filepath.Join(l.dir, "bases")); err != nil {
		return l, err
	}
	if err := pushBases(ctx, l.bases, o.base); err != nil {
		return l, err
	}
	if err := l.buildLoad(ctx); err != nil {
		return l, err
	}
	return l, l.models(ctx)
}

func (l *lab) close() {
	if l.bases != nil && l.bases.Process != nil {
		l.bases.Stop()
	}
	if l.keep {
		fmt.Fprintln(os.Stderr, "bench: kept", l.dir)
		return
	}
	if err := os.RemoveAll(l.dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
}

// models copies the example's model, and makes the example's own script train
// another, with the requirements of the first.
func (l *lab) models(ctx context.Context) error {
	example := filepath.Join("examples", l.model)
	l.first = filepath.Join(example, "model")
	scratch := filepath.Join(l.dir, "example")
	if err := os.CopyFS(scratch, os.DirFS(example)); err != nil {
		return fmt.Errorf("example %s: %w; run bench in the root of the repository", l.model, err)
	}
	if _, err := l.mlflow(ctx, scratch, "make_model.py"); err != nil {
		return err
	}
	l.retrained = filepath.Join(scratch, "model")
	for _, name := range []string{"requirements.txt", "conda.yaml", "python_env.yaml"} {
		data, err := os.ReadFile(filepath.Join(l.first, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(l.retrained, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// mlflow runs the Python that has MLflow.
func (l *lab) mlflow(ctx context.Context, dir string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, l.python, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "MLFLOW_TRACKING_URI=sqlite:///"+filepath.Join(l.dir, "mlflow.db"), "MLFLOW_DISABLE_TELEMETRY=true", "DO_NOT_TRACK=true")
	var out, words bytes.Buffer
	c.Stdout, c.Stderr = &out, &words
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("python %s: %w\n%s", args, err, words.String())
	}
	return out.String(), nil
}
