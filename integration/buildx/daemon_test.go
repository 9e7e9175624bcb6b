package buildx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
)

// child is a process of the tests' own.
type child struct {
	command *exec.Cmd
	log     string
	exited  chan struct{}
}

// spawn starts a program and waits until it is ready.
func spawn(log string, limit time.Duration, ready func() bool, name string, args ...string) (*child, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	c := &child{command: exec.Command(name, args...), log: log, exited: make(chan struct{})}
	c.command.Stdout, c.command.Stderr = out, out
	if err := c.command.Start(); err != nil {
		return nil, fmt.Errorf("%w: run make tools, and put bin/ on PATH", err)
	}
	go func() {
		_ = c.command.Wait()
		close(c.exited)
	}()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); {
		if ready() {
			return c, nil
		}
		select {
		case <-c.exited:
			return nil, c.failure("ended at once")
		case <-time.After(20 * time.Millisecond):
		}
	}
	c.stop()
	return nil, c.failure("is not ready in time")
}

func (c *child) failure(what string) error {
	words, _ := os.ReadFile(c.log)
	return fmt.Errorf("%s %s\n%s", c.command.Path, what, words)
}

// stop asks the process to end, and then sees to it.
func (c *child) stop() {
	_ = c.command.Process.Signal(os.Interrupt)
	select {
	case <-c.exited:
	case <-time.After(30 * time.Second):
		_ = c.command.Process.Kill()
		<-c.exited
	}
}

// daemon is a buildkitd with empty caches.
type daemon struct {
	*child
	// name is what buildx calls it.
	name, dir, address string
}

func startDaemon(name string) (*daemon, error) {
	dir := filepath.Join(lab.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	socket := filepath.Join(dir, "socket")
	d := &daemon{name: name, dir: dir, address: "unix://" + socket}
	config := fmt.Sprintf("root = %q\n[grpc]\naddress = [%q]\n[otel]\nsocketPath = %q\n[worker.oci]\nnetworkMode = \"host\"\ngc = true\n[worker.containerd]\nenabled = false\n",
		filepath.Join(dir, "root"), d.address, filepath.Join(dir, "otel"))
	file := filepath.Join(dir, "buildkitd.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	var err error
	d.child, err = spawn(filepath.Join(dir, "log"), time.Minute, func() bool {
		_, err := os.Stat(socket)
		return err == nil
	}, "buildkitd", "--config", file)
	return d, err
}

// register makes the daemon known to buildx.
func (d *daemon) register() error {
	c := buildxCommand(context.Background(), nil, "create", "--name", d.name, "--driver", "remote", d.address)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("buildx create: %w\n%s", err, out)
	}
	return nil
}

func (d *daemon) stop() {
	if d.child == nil {
		return
	}
	d.child.stop()
	if err := os.RemoveAll(d.dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// coldBuilder is another builder with empty caches, which ends with the test.
func coldBuilder(t *testing.T, name string) *daemon {
	t.Helper()
	d, err := startDaemon(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.stop)
	if err := d.register(); err != nil {
		t.Fatal(err)
	}
	return d
}

// dial is a client of BuildKit's own.
func (d *daemon) dial(t *testing.T) *client.Client {
	t.Helper()
	c, err := client.New(t.Context(), d.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return c
}
