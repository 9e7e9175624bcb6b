package engine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/integration/internal/lab"
)

// shared is what the tests share; TestMain sets it once.
var shared struct {
	// dir is a folder for all of it, engine where Debian's packages are.
	dir, engine string
	registry    *lab.Registry
	docker      *dockerd
	images      *images
}

// The variables that say that the namespaces are there: where the engine is, and
// the folder for all that the tests make.
const (
	inside = "DEPLOYFILE_TEST_ENGINE"
	folder = "DEPLOYFILE_TEST_ENGINE_FOLDER"
)

func TestMain(m *testing.M) { lab.Main(m, run) }

func run(m *testing.M) (code int, err error) {
	shared.engine = os.Getenv(inside)
	if shared.engine == "" {
		return enter()
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return 1, fmt.Errorf("ip link set lo up: %w\n%s", err, out)
	}
	shared.dir = os.Getenv(folder)
	if shared.registry, err = lab.NewRegistry(filepath.Join(shared.dir, "registry")); err != nil {
		return 1, err
	}
	defer shared.registry.Stop()
	if shared.images, err = newImages(); err != nil {
		return 1, err
	}
	if shared.docker, err = startDocker(filepath.Join(shared.dir, "docker")); err != nil {
		return 1, err
	}
	defer shared.docker.stop()
	return m.Run(), nil
}

// enter runs the tests in namespaces that end with them.
func enter() (code int, err error) {
	script := exec.Command("../../hack/engine.sh")
	script.Stderr = os.Stderr
	out, err := script.Output()
	if err != nil {
		return 1, fmt.Errorf("hack/engine.sh: %w", err)
	}
	engine := strings.TrimSpace(string(out))
	self, err := os.Executable()
	if err != nil {
		return 1, err
	}
	// What a container leaves without a parent is not this program's to wait
	// for.
	arguments := append([]string{"--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child=SIGKILL", filepath.Join(engine, "usr/bin/tini"), "--", self}, os.Args[1:]...)
	again := exec.Command("unshare", arguments...)
	libraries, err := filepath.Glob(filepath.Join(engine, "lib", "*-linux-gnu"))
	if err != nil || len(libraries) != 1 {
		return 1, fmt.Errorf("libraries of the engine: %q, %w", libraries, err)
	}
	dir, err := os.MkdirTemp("", "deployfile-engine-")
	if err != nil {
		return 1, err
	}
	// The engine's mounts are gone by then.
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	again.Env = append(os.Environ(), inside+"="+engine, folder+"="+dir,
		"PATH="+filepath.Join(engine, "usr/bin")+":"+filepath.Join(engine, "usr/sbin")+":"+os.Getenv("PATH")+":/usr/sbin:/sbin",
		"LD_LIBRARY_PATH="+libraries[0])
	again.Stdin, again.Stdout, again.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = again.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return ended.ExitCode(), nil
	}
	return 0, err
}
