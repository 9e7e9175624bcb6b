package engine

import (
	"context"
	"os"
	"path/filepath"

	"github.com/deployfile/deployfile/integration/internal/lab"
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
		"--pidfile", filepath.Join(d.dir, "pid"), "--exec-opt", "native.cgroupdriver=cgroupfs")
	return err
}

func (d *dockerd) stop() { d.process.Stop() }
