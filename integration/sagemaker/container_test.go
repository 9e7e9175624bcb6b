//go:build integration

package sagemaker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sys/unix"

	"github.com/deployfile/deployfile/internal/testing/awscloud"
)

// What SageMaker gives a container: another user than the image's, the argument "serve",
// port 8080, and time to answer.
const (
	uid, gid      = 993, 990
	connectLimit  = 250 * time.Millisecond
	pingLimit     = 2 * time.Second
	startLimit    = 4 * time.Minute
	invokeLimit   = 60 * time.Second
	ecrHost       = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
	serverAddress = "127.0.0.1:8080"
)

// host runs images as SageMaker does: read-only but for /tmp, in a network of their own
// that has a loopback alone.
type host struct {
	// registry is what stands for ECR, dir where file systems are.
	registry, dir string

	mu    sync.Mutex
	roots map[string]string
	count atomic.Int64
}

// open returns an image of the registry that stands for ECR.
func (h *host) open(image string) (v1.Image, *remote.Descriptor, error) {
	ref, err := name.NewDigest(strings.Replace(image, ecrHost, h.registry, 1))
	if err != nil {
		return nil, nil, err
	}
	d, err := remote.Get(ref)
	if err != nil {
		return nil, nil, fmt.Errorf("Requested image %s not found.", image) //nolint:staticcheck // as SageMaker says it
	}
	if d.MediaType != types.DockerManifestSchema2 {
		return nil, nil, fmt.Errorf("Unsupported manifest media type %s for image %s.", d.MediaType, image) //nolint:staticcheck // as SageMaker says it
	}
	img, err := d.Image()
	return img, d, err
}

// pull checks an image as CreateModel does.
func (h *host) pull(image string) error {
	_, _, err := h.open(image)
	return err
}

// root returns the file system of an image.
func (h *host) root(image string, img v1.Image) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if dir := h.roots[image]; dir != "" {
		return dir, nil
	}
	dir := filepath.Join(h.dir, fmt.Sprint("root", len(h.roots)))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	files := mutate.Extract(img)
	defer files.Close()
	tar := exec.Command("tar", "-x", "-p", "--numeric-owner", "-C", dir, "-f", "-")
	tar.Stdin = files
	if out, err := tar.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	if h.roots == nil {
		h.roots = map[string]string{}
	}
	h.roots[image] = dir
	return dir, nil
}

// container is a running image.
type container struct {
	*httputil.ReverseProxy
	id, bundle string
	process    *exec.Cmd
	log        *bytes.Buffer
	ended      chan struct{}
}

// start starts an image and waits until it answers /ping. The error has its log.
func (h *host) start(image string, env map[string]string) (awscloud.Server, error) {
	img, _, err := h.open(image)
	if err != nil {
		return nil, err
	}
	root, err := h.root(image, img)
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	c := &container{id: fmt.Sprint("sagemaker-", os.Getpid(), "-", h.count.Add(1)), log: &bytes.Buffer{}, ended: make(chan struct{})}
	if c.bundle, err = os.MkdirTemp(h.dir, "bundle"); err != nil {
		return nil, err
	}
	if err := c.configure(root, config.Config, env); err != nil {
		return nil, err
	}
	pidFile := filepath.Join(c.bundle, "pid")
	c.process = exec.Command("runc", "--root", filepath.Join(h.dir, "state"), "run", "--bundle", c.bundle, "--pid-file", pidFile, c.id)
	c.process.Stdout, c.process.Stderr = c.log, c.log
	if err := c.process.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = c.process.Wait()
		close(c.ended)
	}()
	if err := c.ready(pidFile); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, strings.Join(c.Stop(), "\n"))
	}
	return c, nil
}

// configure writes the bundle's configuration.
func (c *container) configure(root string, image v1.Config, env map[string]string) error {
	out, err := exec.Command("sh", "-c", `cd "$1" && runc spec && cat config.json`, "sh", c.bundle).Output()
	if err != nil {
		return err
	}
	var spec map[string]any
	if err := json.Unmarshal(out, &spec); err != nil {
		return err
	}
	process, _ := spec["process"].(map[string]any)
	process["terminal"] = false
	process["args"] = append(append([]string{}, image.Entrypoint...), "serve")
	process["user"] = map[string]any{"uid": uid, "gid": gid}
	variables := append([]string{}, image.Env...)
	for name, value := range env {
		variables = append(variables, name+"="+value)
	}
	process["env"] = variables
	process["cwd"] = "/"
	if image.WorkingDir != "" {
		process["cwd"] = image.WorkingDir
	}
	spec["root"] = map[string]any{"path": root, "readonly": true}
	mounts, _ := spec["mounts"].([]any)
	spec["mounts"] = append(mounts, map[string]any{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": []string{"nosuid", "nodev", "mode=1777"}})
	text, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.bundle, "config.json"), text, 0o600)
}

// ready waits until the server answers /ping within its limits.
func (c *container) ready(pidFile string) error {
	var client *http.Client
	for end := time.Now().Add(startLimit); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		select {
		case <-c.ended:
			return errors.New("the container has exited")
		default:
		}
		if client == nil {
			text, err := os.ReadFile(pidFile)
			if err != nil {
				continue
			}
			pid, err := strconv.Atoi(string(text))
			if err != nil {
				continue
			}
			transport := &http.Transport{DialContext: within(pid)}
			client = &http.Client{Transport: transport, Timeout: pingLimit}
			c.ReverseProxy = httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: serverAddress})
			c.Transport = transport
		}
		res, err := client.Get("http://" + serverAddress + "/ping")
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return nil
		}
	}
	return errors.New("it does not answer /ping")
}

// within returns a dialer in the network of a process.
func within(pid int) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		type result struct {
			conn net.Conn
			err  error
		}
		done := make(chan result, 1)
		go func() {
			// The thread ends with the goroutine, so that no other gets its network.
			runtime.LockOSThread()
			f, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
			if err == nil {
				defer f.Close()
				err = unix.Setns(int(f.Fd()), unix.CLONE_NEWNET)
			}
			if err != nil {
				done <- result{nil, err}
				return
			}
			conn, err := (&net.Dialer{Timeout: connectLimit}).DialContext(ctx, network, address)
			done <- result{conn, err}
		}()
		r := <-done
		return r.conn, r.err
	}
}

// ServeHTTP limits a request as SageMaker does.
func (c *container) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), invokeLimit)
	defer cancel()
	c.ReverseProxy.ServeHTTP(w, r.WithContext(ctx))
}

// Stop implements awscloud.Server.
func (c *container) Stop() []string {
	state := filepath.Join(filepath.Dir(c.bundle), "state")
	_ = exec.Command("runc", "--root", state, "kill", c.id, "TERM").Run()
	select {
	case <-c.ended:
	case <-time.After(10 * time.Second):
		_ = exec.Command("runc", "--root", state, "kill", c.id, "KILL").Run()
		<-c.ended
	}
	return strings.Split(strings.TrimSpace(c.log.String()), "\n")
}
