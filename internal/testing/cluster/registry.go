//go:build linux

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/crypto/bcrypt"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// RegistryForPods returns the registry's host and port for pods, which have their own
// loopback.
func (n *NodeCluster) RegistryForPods() string {
	_, port, _ := strings.Cut(n.Registry, ":")
	return net.JoinHostPort(address, port)
}

// startRegistry starts a registry with the command's program, which listens
// where it is told; its data and log are in the directory dir.
func startRegistry(command func(name string, args ...string) *exec.Cmd, dir, log, listen string) (*process, error) {
	file := filepath.Join(dir, log+".yaml")
	if err := os.WriteFile(file, []byte(registryConfig(dir, listen)), 0o644); err != nil {
		return nil, err
	}
	return start(command("registry", "serve", file), filepath.Join(dir, "log", log))
}

// GuardedRegistry starts another registry on the node's loopback until the test
// ends, which has the same images but only for this user, and returns its host
// and port.
func (n *NodeCluster) GuardedRegistry(t testing.TB, user, password string) string {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	address := fmt.Sprintf("127.0.0.1:%d", port)
	users, file := filepath.Join(dir, "users"), filepath.Join(dir, "registry.yaml")
	for name, text := range map[string]string{
		users: fmt.Sprintf("%s:%s\n", user, hash),
		file:  registryConfig(n.path(""), address) + fmt.Sprintf("auth: {htpasswd: {realm: models, path: %q}}\n", users),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := start(n.control.command("registry", "serve", file), filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	if err := n.control.wait("the guarded registry", func(ctx context.Context) error {
		conn, err := n.Dial(ctx, "tcp", address)
		if err != nil {
			return errors.Join(err, p.check())
		}
		return conn.Close()
	}); err != nil {
		t.Fatal(err)
	}
	return address
}

// registryConfig is for a registry whose data is in a directory of dir.
func registryConfig(dir, listen string) string {
	return fmt.Sprintf("version: 0.1\nlog: {level: warn}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", filepath.Join(dir, "registry"), listen)
}

// programImage returns an image with a static program, which is its entry point,
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
