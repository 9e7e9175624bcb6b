package buildx

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// lab is what the tests share; TestMain sets it once, and no test changes it
// but for the locks that it keeps.
var lab laboratory

type laboratory struct {
	// dir is a folder for all of it.
	dir string
	// base and toolchain are folders with an OCI image layout each; bases is
	// one with the base for amd64 and for arm64.
	base, toolchain, bases string
	// python is an interpreter with MLflow and the validators of SBOMs.
	python string
	// builder is the one that most tests share, and registry the registry.
	builder  *daemon
	registry *registry
	// frontend is the frontend image there, deployfile the CLI.
	frontend, deployfile string
	// config is the folder of buildx's and Docker's configuration.
	config string

	locks lockKeeper
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run makes what the tests share, runs them and ends it all. The address in
// DEPLOYFILE_TEST_BUILDER saves whoever writes a test the minutes that a cold
// builder takes.
func run(m *testing.M) (code int, err error) {
	for name, value := range map[string]*string{
		"DEPLOYFILE_TEST_BASE":      &lab.base,
		"DEPLOYFILE_TEST_TOOLCHAIN": &lab.toolchain,
		"DEPLOYFILE_TEST_PYTHON":    &lab.python,
	} {
		if *value = os.Getenv(name); *value == "" {
			return 1, fmt.Errorf("%s is not set: run make test, or hack/with-env.sh go test ./integration/buildx", name)
		}
	}
	if lab.dir, err = os.MkdirTemp("", "deployfile-buildx-"); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(lab.dir)) }()
	lab.config = filepath.Join(lab.dir, "config")
	if err := os.Mkdir(lab.config, 0o700); err != nil {
		return 1, err
	}
	if lab.registry, err = newRegistry(filepath.Join(lab.dir, "registry")); err != nil {
		return 1, err
	}
	defer lab.registry.stop()
	if lab.builder, err = sharedBuilder(); err != nil {
		return 1, err
	}
	defer lab.builder.stop()
	if err := lab.builder.register(); err != nil {
		return 1, err
	}
	lab.bases = filepath.Join(lab.dir, "bases")
	for _, step := range []func() error{makeBases, buildCLI, pushFrontend} {
		if err := step(); err != nil {
			return 1, err
		}
	}
	return m.Run(), nil
}

func sharedBuilder() (*daemon, error) {
	if address := os.Getenv("DEPLOYFILE_TEST_BUILDER"); address != "" {
		return &daemon{name: "shared", address: address}, nil
	}
	return startDaemon("shared")
}

func buildCLI() error {
	lab.deployfile = filepath.Join(lab.dir, "deployfile")
	return goRun(nil, "build", "-o", lab.deployfile, "./cmd/deployfile")
}

// pushFrontend makes the frontend image as the Makefile does, and pushes it.
func pushFrontend() error {
	bin, layout := filepath.Join(lab.dir, "frontend"), filepath.Join(lab.dir, "frontend-image")
	for _, arch := range []string{"amd64", "arm64"} {
		env := []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=" + arch}
		if err := goRun(env, "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(bin, "linux-"+arch)+"/", "./cmd/deployfile-frontend"); err != nil {
			return err
		}
	}
	if err := goRun([]string{"BUILDKIT_HOST=" + lab.builder.address}, "run", "./hack/frontendimage", "-bin", bin, "-o", layout); err != nil {
		return err
	}
	lab.frontend = lab.registry.host + "/deployfile/frontend:1"
	return pushLayout(layout, lab.frontend)
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
