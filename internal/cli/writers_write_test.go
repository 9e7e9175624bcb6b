package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/sbom"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/testing/hostile"
	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/manifests/containerd"
	"github.com/deployfile/deployfile/manifests/docker"
	"github.com/deployfile/deployfile/manifests/kserve"
	"github.com/deployfile/deployfile/manifests/kubernetes"
	"github.com/deployfile/deployfile/manifests/sagemaker"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
)

// initIn runs init in a directory with files.
func initIn(t *testing.T, source string, files map[string]string) ([]byte, error) {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, err // no name of a file
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	s := streams{out: io.Discard, text: terminal.NewWriter(io.Discard), err: terminal.NewWriter(io.Discard)}
	file := filepath.Join(dir, "Deployfile")
	if err := initialise(context.Background(), s, filepath.Join(dir, source), initOptions{syntax: frontendImage, file: file}); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(file)
	return bytes.ReplaceAll(data, []byte(deployfile.ModelName(filepath.Base(dir))), []byte("directory")), err
}

func quoted(text string) string {
	data, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(data)
}

func initOfModel(t *testing.T, name string) ([]byte, error) {
	if name != valid(name) {
		return nil, errors.New("YAML has no such text")
	}
	return initIn(t, "model", map[string]string{
		"model/MLmodel": fmt.Sprintf("flavors:\n  python_function:\n    loader_module: x\n  %s: {}\nmlflow_version: %s\n", quoted(name), quoted(name)),
	})
}

func initOfFiles(t *testing.T, name string) ([]byte, error) {
	if strings.Contains(name, "/") || name == "" || name != filepath.Clean(name) {
		return nil, errors.New("no name of a directory")
	}
	return initIn(t, name, map[string]string{
		name + "/MLmodel": "flavors:\n  python_function:\n    loader_module: x\nmlflow_version: 3.1.0\n",
	})
}

func writeFilled[T any](_ *testing.T, name string) ([]byte, error) {
	var v T
	hostile.Fill(&v, name)
	var b bytes.Buffer
	err := encodeLine(&b, v)
	return b.Bytes(), err
}

// planOf returns a plan with the name wherever a model, a lock or a Deployfile has one.
func planOf(name string) *llb.Plan {
	p := &llb.Plan{
		Platform: "linux/amd64", Base: resolver.Image{Ref: name}, Toolchain: resolver.Image{Ref: name},
		Layers: []llb.WheelLayer{{Name: name, Wheels: []llb.Wheel{{Name: name, Version: name}}}},
		Code:   []string{name},
		Model:  llb.ModelPlan{Dir: name, Large: []string{name, name + "%"}, ServingInput: name},
		Config: llb.ConfigPlan{Created: "2026-01-01T00:00:00Z", Env: []string{name}, Labels: map[string]string{"name": name}},
	}
	p.SystemPackages = []resolver.SystemPackage{{Name: name}}
	p.Server.Kind = name
	return p
}

func writePlan(_ *testing.T, name string) ([]byte, error) {
	made, err := llb.NewPlan(llb.Sources{
		File:  &deployfile.File{Model: deployfile.Model{Name: name, Version: name, Source: name}},
		Model: &mlmodel.Model{Flavors: []string{name}, ModelID: name, RunID: name, MLflowVersion: name, ServingInput: name},
		Lock: &resolver.Lock{
			Base: resolver.Image{Ref: "context:" + name}, Toolchain: resolver.Image{PythonVersion: "3.11"},
			Platforms: []resolver.Platform{{Name: "linux/amd64"}}, Model: []resolver.ModelFile{{Path: name, Size: 4 << 20}},
		},
		Pylock: &resolver.Pylock{}, Platform: "linux/amd64", Source: name, Revision: name,
	})
	if err != nil {
		return nil, err
	}
	config, err := made.ImageConfig(baseOfNothing())
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = encodeLine(&b, []any{planOf(name), made, config})
	return b.Bytes(), err
}

func writeGraph(language string) func(*testing.T, string) ([]byte, error) {
	return func(_ *testing.T, name string) ([]byte, error) { return drawPlan(planOf(name), language), nil }
}

func writeLock(_ *testing.T, name string) ([]byte, error) {
	if !utf8.ValidString(name) {
		return nil, errors.New("what is locked was read as UTF-8")
	}
	var l resolver.Lock
	hostile.Fill(&l, name)
	return l.Encode()
}

func writeSBOM(write func(sbom.Input) ([]byte, error)) func(*testing.T, string) ([]byte, error) {
	return func(_ *testing.T, name string) ([]byte, error) {
		p := planOf(name)
		p.Layers[0].Wheels[0] = llb.Wheel{Name: "numpy", Version: "1", Download: toolchain.Download{Filename: name}}
		p.Model.Files = []resolver.ModelFile{{Path: name}}
		return write(sbom.Input{
			Plan: p, Name: name, Version: name, ToolVersion: name,
			Model:    &mlmodel.Model{Flavors: []string{name}, RunID: name, ModelID: name, UUID: name, MLflowVersion: name, Loader: name, Python: name},
			Licenses: map[string]sbom.License{"numpy": {Text: name}},
		})
	}
}

func writeManifests(kind deployfile.Kind) func(*testing.T, string) ([]byte, error) {
	return func(t *testing.T, name string) ([]byte, error) {
		target := deployfile.Target{Name: "prod", Kind: kind.Name, Endpoint: "iris", Port: 8080, Image: "registry.example.com/iris", Spec: kind.New()}
		switch s := target.Spec.(type) {
		case *docker.Spec:
			s.Env = map[string]string{"NAME": name}
		case *containerd.Spec:
			s.Env = map[string]string{"NAME": name}
		case *kubernetes.Spec:
			s.Env, s.Namespace = map[string]string{"NAME": name}, "models"
		case *kserve.Spec:
			s.Env, s.Namespace = map[string]string{"NAME": name}, "models"
		case *sagemaker.Spec:
			s.Env, s.ExecutionRole, s.InstanceType = map[string]string{"NAME": name}, "arn:aws:iam::123456789012:role/Iris", "ml.m5.large"
			target.Image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/iris"
		case *azureml.Spec:
			s.Env, s.InstanceType = map[string]string{"NAME": name}, "Standard_DS3_v2"
			s.Subscription, s.ResourceGroup, s.Workspace = "12345678-1234-1234-1234-123456789012", "ml", "team"
		}
		target.Complete()
		release := manifests.Release{
			Model: "iris", Version: "3",
			Target: target,
			Image:  target.Image + "@sha256:" + strings.Repeat("0", 64), Port: 8080, User: "65532:65532",
			LockDigest: name, FileDigest: name,
		}
		documents, err := manifests.Render(manifests.Deployed(nil, release))
		if err != nil {
			return nil, err
		}
		// The names of Azure's deployments follow from all that they have.
		return regexp.MustCompile(`\bd[0-9a-f]{12}\b`).ReplaceAll(stream(documents), []byte("dhash")), nil
	}
}

func baseOfNothing() dockerspec.DockerOCIImage { return dockerspec.DockerOCIImage{} }
