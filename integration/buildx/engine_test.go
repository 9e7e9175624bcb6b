//go:build integration

package buildx

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
	dockercontainer "github.com/moby/moby/api/types/container"
	docker "github.com/moby/moby/client"
)

// startEngine starts Debian's Docker engine with a state of its own and no
// network but the host's, and returns its address.
func startEngine(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("../../hack/engine.sh").Output()
	if err != nil {
		t.Fatalf("hack/engine.sh: %v", err)
	}
	unpacked := strings.TrimSpace(string(out))
	libraries, err := filepath.Glob(filepath.Join(unpacked, "lib", "*-linux-gnu"))
	if err != nil || len(libraries) != 1 {
		t.Fatalf("libraries of the engine: %q, %v", libraries, err)
	}
	// The path of a socket has room for about a hundred characters.
	dir := filepath.Join(shared.dir, "engine")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "socket")
	e, err := lab.Start(filepath.Join(dir, "log"), func() bool {
		c, err := docker.New(docker.WithHost("unix://" + socket))
		if err != nil {
			return false
		}
		defer c.Close()
		_, err = c.Ping(t.Context(), docker.PingOptions{})
		return err == nil
	}, "env",
		"PATH="+filepath.Join(unpacked, "usr/bin")+":"+filepath.Join(unpacked, "usr/sbin")+":"+os.Getenv("PATH")+":/usr/sbin:/sbin",
		"LD_LIBRARY_PATH="+libraries[0],
		"dockerd", "--host", "unix://"+socket, "--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"),
		"--pidfile", filepath.Join(dir, "pid"), "--exec-opt", "native.cgroupdriver=cgroupfs",
		"--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", "--userland-proxy=false")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e.Stop()
		// What the engine leaves behind of containers on the host's network.
		if out, err := exec.Command("umount", filepath.Join(dir, "exec", "netns", "default")).CombinedOutput(); err != nil {
			t.Errorf("umount: %v\n%s", err, out)
		}
	})
	return "unix://" + socket
}

// TestDockerEngine builds with buildx's docker driver on an engine whose
// BuildKit is of 2020 and whose image store is the classic one: it cannot merge
// layers, make symbolic links or leave files out of a copy. The image runs on
// the engine, and has the files that it has everywhere.
func TestDockerEngine(t *testing.T) {
	engine := startEngine(t)
	x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
	p := tiny(t, x.Table("local"), "dfone")
	p.Write(t, "model/deep/weights.bin", strings.Repeat("weights\n", 1<<20))
	p.Write(t, "model/deep/notes.txt", "small\n")
	p.Write(t, "code/__pycache__/answer.cpython-311.pyc", "left by a run")
	p.lock(t)
	dir := t.TempDir()
	want := filepath.Join(dir, "want.tar")
	p.mustBuildx(t, "-o", "type=tar,dest="+want)

	// This engine reads no directories with images, which the CLI says before it builds.
	cli := func(args ...string) (string, error) {
		args = append([]string{"build", "--progress", "plain", p.Dir}, args...)
		for _, name := range []string{"base", "toolchain"} {
			args = append(args, "--build-context", name+"="+p.Contexts[name])
		}
		c := exec.CommandContext(t.Context(), shared.deployfile, args...)
		c.Env = append(buildxCommand(t.Context(), nil).Env, "DOCKER_HOST="+engine)
		out, err := c.CombinedOutput()
		return string(out), err
	}
	p.Contexts["base"], p.Contexts["toolchain"] = "oci-layout://"+shared.Base, "oci-layout://"+shared.Toolchain
	out, err := cli()
	if err == nil {
		t.Error("it builds from a directory with an image")
	}
	wantWords(t, out, "build context base is an OCI layout, which this builder is too old for: it needs BuildKit 0.11 or Docker 24.0, or --builder embedded")
	for name, layout := range map[string]string{"base": shared.Base, "toolchain": shared.Toolchain} {
		ref := shared.registry.Host + "/engine/" + name + ":1"
		if err := lab.PushLayout(layout, ref); err != nil {
			t.Fatal(err)
		}
		p.Contexts[name] = "docker-image://" + ref
	}
	how := invocation{builder: builder{name: "default"}, env: []string{"DOCKER_HOST=" + engine}}
	r := p.must(t, how, "--load", "-t", "tiny:1")
	wantWords(t, r.stderr, "verify that the image answers", "add start command")
	got := filepath.Join(dir, "got.tar")
	p.must(t, how, "-o", "type=tar,dest="+got)
	if d := cmp.Diff(archived(t, want), archived(t, got)); d != "" {
		t.Errorf("files in an image of BuildKit's and in one of the engine's:\n%s", d)
	}

	c, err := docker.New(docker.WithHost(engine))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	answersOnEngine(t, c, "tiny:1")

	// The CLI builds on the engine if there is no other builder, and a tag is the engine's.
	if out, err = cli("-t", "tiny:2"); err != nil {
		t.Fatalf("deployfile build -t: %v\n%s", err, lab.Tail(out))
	}
	wantWords(t, out, "; loaded tiny:2")
	answersOnEngine(t, c, "tiny:2")
}

// answersOnEngine runs an image of the engine's on the host's network.
func answersOnEngine(t *testing.T, c *docker.Client, image string) {
	t.Helper()
	port, err := lab.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	created, err := c.ContainerCreate(ctx, docker.ContainerCreateOptions{
		Image:      image,
		Config:     &dockercontainer.Config{Env: []string{fmt.Sprintf("PORT=%d", port)}},
		HostConfig: &dockercontainer.HostConfig{NetworkMode: "host"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := c.ContainerRemove(context.WithoutCancel(ctx), created.ID, docker.ContainerRemoveOptions{Force: true}); err != nil {
			t.Error(err)
		}
	}()
	if _, err := c.ContainerStart(ctx, created.ID, docker.ContainerStartOptions{}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/ping", port))
		if err != nil {
			continue
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s answers %s", image, answer.Status)
		}
		return
	}
	t.Errorf("%s does not answer", image)
}

// archived are the files below /opt in an archive: mode, owner and hash. An
// exporter of today gives them all the image's time.
func archived(t *testing.T, file string) map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]string{}
	for archive := tar.NewReader(bufio.NewReader(f)); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(h.Name, "./"), "/")
		if !strings.HasPrefix(name, "opt/") {
			continue
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, archive); err != nil {
			t.Fatal(err)
		}
		out[name] = fmt.Sprintf("%c %o %d:%d %s %x", h.Typeflag, h.Mode, h.Uid, h.Gid, h.Linkname, sum.Sum(nil))
	}
	if len(out) < 10 {
		t.Errorf("%s has only %v", file, bytes.TrimSpace([]byte(fmt.Sprint(out))))
	}
	return out
}
