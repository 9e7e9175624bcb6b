//go:build integration

package buildx

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// shared is what the tests share; TestMain sets it once, and no test changes it
// but for the locks that it keeps.
var shared laboratory

type laboratory struct {
	lab.Parts
	// dir is a folder for all of it.
	dir string
	// bases is a layout with the base for amd64 and for arm64.
	bases string
	// builder is the one that most tests share, and registry the registry.
	builder  builder
	registry *lab.Registry
	// frontend is the frontend image there, deployfile the CLI.
	frontend, deployfile string
	// config is the folder of buildx's and Docker's configuration.
	config string

	locks lockKeeper
}

func TestMain(m *testing.M) { lab.Main(m, run) }

// run makes what the tests share, runs them and ends it all.
func run(m *testing.M) (code int, err error) {
	if shared.Parts, err = lab.FindParts("./integration/buildx"); err != nil {
		return 1, err
	}
	if shared.dir, err = os.MkdirTemp("", "deployfile-buildx-"); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(shared.dir)) }()
	shared.config = filepath.Join(shared.dir, "config")
	if err := os.Mkdir(shared.config, 0o700); err != nil {
		return 1, err
	}
	if shared.registry, err = lab.NewRegistry(filepath.Join(shared.dir, "registry")); err != nil {
		return 1, err
	}
	defer shared.registry.Stop()
	d, err := lab.AnyDaemon()
	if err != nil {
		return 1, err
	}
	defer d.Stop()
	if shared.builder, err = register("shared", d.Address); err != nil {
		return 1, err
	}
	shared.bases = filepath.Join(shared.dir, "bases")
	if err := lab.WriteBothPlatforms(shared.bases, shared.Base); err != nil {
		return 1, err
	}
	for _, step := range []func() error{buildCLI, pushFrontend} {
		if err := step(); err != nil {
			return 1, err
		}
	}
	return m.Run(), nil
}

func buildCLI() error {
	shared.deployfile = filepath.Join(shared.dir, "deployfile")
	return goRun(nil, "build", "-o", shared.deployfile, "./cmd/deployfile")
}

// pushFrontend makes the frontend image and pushes it.
func pushFrontend() error {
	shared.frontend = shared.registry.Host + "/deployfile/frontend:1"
	return makeFrontend(filepath.Join(shared.dir, "frontend"), filepath.Join(shared.dir, "frontend-image"), shared.builder.address, "-push", shared.frontend)
}

// makeFrontend makes the frontend image as the Makefile does: the binaries below
// one folder, and of them a layout.
func makeFrontend(bin, layout, builder string, flags ...string) error {
	for _, arch := range []string{"amd64", "arm64"} {
		env := []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + arch}
		if err := goRun(env, "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(bin, "linux-"+arch)+"/", "./cmd/deployfile-frontend"); err != nil {
			return err
		}
	}
	return goRun([]string{"BUILDKIT_HOST=" + builder}, append([]string{"run", "./hack/frontendimage", "-bin", bin, "-o", layout}, flags...)...)
}

// goRun runs the go command in the root of the repository.
func goRun(env []string, args ...string) error {
	c := exec.Command("go", args...)
	c.Dir = filepath.Join("..", "..")
	c.Env = append(os.Environ(), env...)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", args[0], err, out)
	}
	return nil
}
