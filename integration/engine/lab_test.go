//go:build integration

package engine

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// shared is what the tests share; TestMain sets it once.
var shared struct {
	// dir is a folder for all of it, engine where Debian's packages are.
	dir, engine string
	registry    *lab.Registry
	docker      *dockerd
	// containerd1 is Debian's, containerd2 of the version that is built in bin/.
	containerd1, containerd2 *containerd
	images                   *images
}

// The variables that say that the namespaces are there: where the engine is, and
// the folder for all that the tests make.
const (
	inside = "DEPLOYFILE_TEST_ENGINE"
	folder = "DEPLOYFILE_TEST_ENGINE_FOLDER"
)

func TestMain(m *testing.M) { lab.Main(m, run) }

func run(m *testing.M) (code int, err error) {
	if text := os.Getenv(killed); text != "" {
		return 0, obey(text)
	}
	shared.engine = os.Getenv(inside)
	if shared.engine == "" {
		return enter()
	}
	shared.dir = os.Getenv(folder)
	if err := furnish(); err != nil {
		return 1, err
	}
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
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		return 1, err
	}
	for folder, start := range map[string]struct {
		at  **containerd
		bin string
	}{
		"containerd1": {&shared.containerd1, filepath.Join(shared.engine, "usr/bin")},
		"containerd2": {&shared.containerd2, bin},
	} {
		c, err := startContainerd(filepath.Join(shared.dir, folder), start.bin)
		if err != nil {
			return 1, fmt.Errorf("%w: run hack/kubernetes.sh, which builds one into bin/", err)
		}
		*start.at = c
		defer c.process.Stop()
	}
	return m.Run(), nil
}

// furnish makes what a machine has.
func furnish() error {
	// What CNI's plugins and runc remember, and where network namespaces and
	// GPUs are.
	for _, folder := range []string{"/var/lib/cni", "/run/containerd", "/run/netns", "/run/cdi"} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if out, err := exec.Command("mount", "-t", "tmpfs", "tmpfs", folder).CombinedOutput(); err != nil {
			return fmt.Errorf("mount a tmpfs at %s: %w\n%s", folder, err, out)
		}
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return fmt.Errorf("ip link set lo up: %w\n%s", err, out)
	}
	networks := filepath.Join(shared.dir, "cni")
	if err := os.Mkdir(networks, 0o700); err != nil {
		return err
	}
	if err := os.Setenv("NETCONFPATH", networks); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(networks, "10-bridge.conflist"), []byte(`{
  "cniVersion": "1.0.0", "name": "models", "plugins": [
    {"type": "bridge", "bridge": "models0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
     "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.89.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}`), 0o600)
}

// controlGroup has those of all containers.
const controlGroup = "deployfile-engine"

// removeControlGroups removes them: no namespace keeps them from the machine.
func removeControlGroups() {
	for _, top := range []string{"/sys/fs/cgroup/" + controlGroup, "/sys/fs/cgroup/*/" + controlGroup} {
		folders, _ := filepath.Glob(top)
		for _, folder := range folders {
			// Where something still ends in one, it stays.
			_ = exec.Command("find", folder, "-depth", "-type", "d", "-exec", "rmdir", "{}", "+").Run()
		}
	}
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
	removeControlGroups()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return ended.ExitCode(), nil
	}
	return 0, err
}
