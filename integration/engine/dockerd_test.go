//go:build integration

package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/publish"
	publishdocker "github.com/deployfile/deployfile/publish/docker"
	docker "github.com/moby/moby/client"
)

// dockerd is an engine with a bridge and firewall rules in the namespaces of
// the tests.
type dockerd struct {
	process *lab.Process
	dir     string
	address string
}

func startDocker(dir string) (*dockerd, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	d := &dockerd{dir: dir, address: "unix://" + filepath.Join(dir, "socket")}
	if err := os.Setenv(docker.EnvOverrideHost, d.address); err != nil {
		return nil, err
	}
	return d, d.start()
}

func (d *dockerd) start() (err error) {
	d.process, err = lab.Start(filepath.Join(d.dir, "log"), func() bool {
		c, err := docker.New(docker.WithHost(d.address))
		if err != nil {
			return false
		}
		defer c.Close()
		_, err = c.Ping(context.Background(), docker.PingOptions{})
		return err == nil
	}, "dockerd", "--host", d.address, "--data-root", filepath.Join(d.dir, "data"), "--exec-root", filepath.Join(d.dir, "exec"),
		"--pidfile", filepath.Join(d.dir, "pid"), "--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", "/"+controlGroup)
	return err
}

func (d *dockerd) stop() { d.process.Stop() }

// open opens an endpoint there.
func (d *dockerd) open(target deployfile.Target) (publish.Publisher, error) {
	return publishdocker.Open(context.Background(), publishdocker.Options{Target: target})
}

func (d *dockerd) client(t *testing.T) *docker.Client {
	t.Helper()
	c, err := docker.New(docker.WithHost(d.address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// there lists the containers and the images.
func (d *dockerd) there(t *testing.T) []string {
	t.Helper()
	c := d.client(t)
	containers, err := c.ContainerList(context.Background(), docker.ContainerListOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, c := range containers.Items {
		out = append(out, fmt.Sprintf("container %s %s %s", c.Names[0][1:], c.ID[:12], c.State))
	}
	images, err := c.ImageList(context.Background(), docker.ImageListOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range images.Items {
		out = append(out, "image "+i.ID)
	}
	slices.Sort(out)
	return out
}

// forget implements engine.
func (d *dockerd) forget(t *testing.T, image string) {
	t.Helper()
	if _, err := d.client(t).ImageRemove(context.Background(), image, docker.ImageRemoveOptions{PruneChildren: true}); err != nil {
		t.Error(err)
	}
}

// halt implements engine.
func (d *dockerd) halt(t *testing.T) {
	t.Helper()
	if _, err := d.client(t).ContainerStop(t.Context(), endpointName, docker.ContainerStopOptions{}); err != nil {
		t.Fatal(err)
	}
}
