package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// mlflowWay builds what mlflow models generate-dockerfile writes.
type mlflowWay struct{}

func (mlflowWay) name() string  { return "mlflow" }
func (mlflowWay) title() string { return "mlflow generate-dockerfile" }

// write generates the directory with MLflow. Later changes are made to the
// model in it, where MLflow would copy the model.
func (w mlflowWay) write(ctx context.Context, l *lab, dir string, i inputs) error {
	original := filepath.Join(dir, "Dockerfile.generated")
	if _, err := os.Stat(original); os.IsNotExist(err) {
		if err := i.writeModel(filepath.Join(l.dir, "mlflow-model", "model")); err != nil {
			return err
		}
		_, err := l.mlflow(ctx, l.dir, "-m", "mlflow", "models", "generate-dockerfile", "-m", filepath.Join(l.dir, "mlflow-model", "model"), "-d", dir)
		if err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(dir, "Dockerfile"), original); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(original)
	if err != nil {
		return err
	}
	adapted, err := adapt(string(text), i.base, l.ca != "")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(adapted), 0o644); err != nil {
		return err
	}
	return i.writeModel(filepath.Join(dir, "model_dir", "model"))
}

// adapt replaces the base image, lets pip install into Debian's Python, and
// gives pip this machine's certificate authorities. Everything else, including
// the order of the steps, stays MLflow's.
func adapt(text, base string, ca bool) (string, error) {
	from := regexp.MustCompile(`(?m)^FROM python:\S+$`)
	if len(from.FindAllString(text, -1)) != 1 {
		return "", fmt.Errorf("MLflow's Dockerfile is not built on one Python image:\n%s", text)
	}
	text = from.ReplaceAllLiteralString(text, "FROM "+base)
	prefix := "RUN PIP_BREAK_SYSTEM_PACKAGES=1 "
	if ca {
		prefix = "RUN --mount=type=secret,id=" + caSecret + " PIP_CERT=" + caFile + " PIP_BREAK_SYSTEM_PACKAGES=1 "
	}
	for _, command := range []string{"pip install mlflow", "python -c "} {
		if strings.Count(text, "RUN "+command) != 1 {
			return "", fmt.Errorf("MLflow's Dockerfile has not one %q:\n%s", "RUN "+command, text)
		}
		text = strings.Replace(text, "RUN "+command, prefix+command, 1)
	}
	return text, nil
}

func (mlflowWay) steps(bool) []step {
	return []step{{"build", func(ctx context.Context, c call) error { return buildDockerfile(ctx, c, nil) }}}
}
