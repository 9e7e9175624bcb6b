//go:build integration

package engine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	client "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/runtime/restart"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/lab"
	containerdkind "github.com/deployfile/deployfile/manifests/containerd"
	"github.com/deployfile/deployfile/publish"
	publishcontainerd "github.com/deployfile/deployfile/publish/containerd"
)

// containerd is one of the tests' own.
type containerd struct {
	process *lab.Process
	// bin has its programs.
	bin, dir, address string
}

// containerdNamespace is where the tests' containers are; their control groups
// have its name.
const containerdNamespace = controlGroup

func startContainerd(dir, bin string) (*containerd, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	c := &containerd{dir: dir, bin: bin, address: filepath.Join(dir, "socket")}
	text := fmt.Sprintf("version = 2\nroot = %q\nstate = %q\noom_score = 0\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\", \"io.containerd.cri.v1.images\", \"io.containerd.cri.v1.runtime\", \"io.containerd.nri.v1.nri\", \"io.containerd.internal.v1.opt\"]\n[grpc]\naddress = %q\n[ttrpc]\naddress = %q\n[plugins.\"io.containerd.internal.v1.restart\"]\ninterval = \"1s\"\n[plugins.\"io.containerd.monitor.container.v1.restart\"]\ninterval = \"1s\"\n",
		filepath.Join(dir, "root"), filepath.Join(dir, "state"), c.address, c.address+".ttrpc")
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte(text), 0o600); err != nil {
		return nil, err
	}
	return c, c.start()
}

func (c *containerd) start() (err error) {
	c.process, err = lab.Start(filepath.Join(c.dir, "log"), func() bool {
		d, err := client.New(c.address, client.WithTimeout(time.Second))
		if err != nil {
			return false
		}
		defer d.Close()
		_, err = d.Version(context.Background())
		return err == nil
	}, "env", "PATH="+c.bin+":"+os.Getenv("PATH"), "containerd", "--config", filepath.Join(c.dir, "config.toml"))
	return err
}

// open opens an endpoint there.
func (c *containerd) open(target deployfile.Target) (publish.Publisher, error) {
	if s, ok := target.Spec.(*containerdkind.Spec); ok {
		s.Namespace = containerdNamespace
	}
	return publishcontainerd.Open(context.Background(), publishcontainerd.Options{
		Target: target, Address: c.address, State: c.dir,
	})
}

func (c *containerd) stop() { c.process.Stop() }

// halt implements engine.
func (c *containerd) halt(t *testing.T) {
	t.Helper()
	d, err := client.New(c.address, client.WithDefaultNamespace(containerdNamespace))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	r, err := d.LoadContainer(t.Context(), endpointName+"-r1")
	if err != nil {
		t.Fatal(err)
	}
	// The monitor would start it again.
	if err := r.Update(t.Context(), restart.WithNoRestarts); err != nil {
		t.Fatal(err)
	}
	task, err := r.Task(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := task.Delete(t.Context(), client.WithProcessKill); err != nil {
		t.Fatal(err)
	}
}

// forget implements engine.
func (d *containerd) forget(t *testing.T, image string) {
	t.Helper()
	c, err := client.New(d.address, client.WithDefaultNamespace(containerdNamespace))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.ImageService().Delete(context.Background(), image); err != nil {
		t.Error(err)
	}
}

// there lists all that there is: containers and their tasks, snapshots, images,
// logs, network namespaces and firewall rules.
func (d *containerd) there(t *testing.T) []string {
	t.Helper()
	ctx := context.Background()
	c, err := client.New(d.address, client.WithDefaultNamespace(containerdNamespace))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	out := []string{}
	list, err := c.Containers(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		status := "no task"
		if task, err := c.Task(ctx, nil); err == nil {
			s, err := task.Status(ctx)
			status = fmt.Sprint(s.Status, err)
		}
		out = append(out, fmt.Sprintf("container %s %s", c.ID(), status))
	}
	err = c.SnapshotService("").Walk(ctx, func(_ context.Context, i snapshots.Info) error {
		if i.Kind == snapshots.KindActive {
			out = append(out, "snapshot of "+strings.Join(strings.Split(i.Name, "-")[:3], "-"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	images, err := c.ListImages(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range images {
		out = append(out, "image "+i.Name())
	}
	for _, pattern := range []string{filepath.Join(d.dir, "logs/*/*"), filepath.Join(d.dir, "logs/*/*/*"), "/run/netns/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, files...)
	}
	rules, err := exec.Command("iptables-save", "-t", "nat").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(rules), "\n") {
		// The rest is the plugins' own, and stays.
		if strings.HasPrefix(line, "-A CNI-HOSTPORT-DNAT") || strings.HasPrefix(line, "-A CNI-DN-") {
			out = append(out, line)
		}
	}
	slices.Sort(out)
	return out
}
