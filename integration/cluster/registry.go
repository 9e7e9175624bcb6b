package cluster

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/deployfile/deployfile/integration/internal/lab"
)

// RegistryForPods is where pods reach the registry: their loopback is their own.
func (n *NodeCluster) RegistryForPods() string {
	_, port, _ := strings.Cut(n.Registry, ":")
	return net.JoinHostPort(address, port)
}

// startRegistry starts a registry with the command's program, which listens
// where it is told; its data and log are in the folder dir.
func startRegistry(command func(name string, args ...string) *exec.Cmd, dir, log, listen string) (*process, error) {
	file := filepath.Join(dir, log+".yaml")
	config := fmt.Sprintf("version: 0.1\nlog: {level: warn}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", filepath.Join(dir, "registry"), listen)
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		return nil, err
	}
	return start(command("registry", "serve", file), filepath.Join(dir, "log", log))
}

// programImage is an image with a static program, which is its entry point,
// and further files, by their path without a slash in front.
func programImage(program string, files map[string]string, args ...string) (v1.Image, error) {
	data, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	entry := filepath.Base(program)
	contents := map[string][]byte{entry: data}
	for path, text := range files {
		contents[path] = []byte(text)
	}
	return lab.Image(v1.Config{Entrypoint: append([]string{"/" + entry}, args...), User: "65532:65532"}, contents)
}

// push copies the image into a registry.
func push(reference string, image v1.Image) error {
	r, err := name.ParseReference(reference)
	if err != nil {
		return err
	}
	return remote.Write(r, image)
}
