package host

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
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sys/unix"
)

// Container is a running image.
type Container struct {
	*httputil.ReverseProxy
	id, bundle string
	limits     Limits
	process    *exec.Cmd
	log        *bytes.Buffer
	ended      chan struct{}
}

// Start starts an image, with directories of this machine at others, and waits until it
// answers /ping at a port. The error has its log.
func (h *Host) Start(image string, env, mounts map[string]string, port int, limits Limits) (*Container, error) {
	c, err := h.prepare(image, h.Arguments, env, mounts)
	if err != nil {
		return nil, err
	}
	c.limits = limits
	pidFile := filepath.Join(c.bundle, "pid")
	c.process = exec.Command("runc", "--root", filepath.Join(h.Dir, "state"), "run", "--bundle", c.bundle, "--pid-file", pidFile, c.id)
	c.process.Stdout, c.process.Stderr = c.log, c.log
	if err := c.process.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = c.process.Wait()
		close(c.ended)
	}()
	if err := c.ready(pidFile, fmt.Sprint("127.0.0.1:", port)); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, strings.Join(c.Stop(), "\n"))
	}
	return c, nil
}

// Run runs an image once, with arguments in the place of its own, and directories of this
// machine at others. The error has its log.
func (h *Host) Run(image string, arguments []string, env, mounts map[string]string) error {
	c, err := h.prepare(image, arguments, env, mounts)
	if err != nil {
		return err
	}
	run := exec.Command("runc", "--root", filepath.Join(h.Dir, "state"), "run", "--bundle", c.bundle, c.id)
	if out, err := run.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// prepare makes a container that has not started.
func (h *Host) prepare(image string, arguments []string, env, mounts map[string]string) (*Container, error) {
	img, err := h.open(image)
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
	c := &Container{id: fmt.Sprint("cloud-", os.Getpid(), "-", h.count.Add(1)), log: &bytes.Buffer{}, ended: make(chan struct{})}
	if c.bundle, err = os.MkdirTemp(h.Dir, "bundle"); err != nil {
		return nil, err
	}
	if arguments == nil {
		arguments = config.Config.Cmd
	}
	return c, h.configure(c, root, config.Config, arguments, env, mounts)
}

// configure writes the bundle's configuration.
func (h *Host) configure(c *Container, root string, image v1.Config, arguments []string, env, directories map[string]string) error {
	out, err := exec.Command("sh", "-c", `cd "$1" && runc spec && cat config.json`, "sh", c.bundle).Output()
	if err != nil {
		return err
	}
	var spec map[string]any
	if err := json.Unmarshal(out, &spec); err != nil {
		return err
	}
	user := h.User
	if user == "" {
		user = image.User
	}
	uid, gid, err := ids(user)
	if err != nil {
		return err
	}
	process, _ := spec["process"].(map[string]any)
	process["terminal"] = false
	process["args"] = append(append([]string{}, image.Entrypoint...), arguments...)
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
	spec["root"] = map[string]any{"path": root, "readonly": h.ReadOnly}
	mounts, _ := spec["mounts"].([]any)
	mounts = append(mounts, map[string]any{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": []string{"nosuid", "nodev", "mode=1777"}})
	for at, dir := range directories {
		mounts = append(mounts, map[string]any{"destination": at, "type": "bind", "source": dir, "options": []string{"rbind", "rw"}})
	}
	spec["mounts"] = mounts
	text, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(c.bundle, "config.json"), text, 0o600)
}

// ids returns the numbers of a user.
func ids(user string) (uid, gid int, err error) {
	first, second, ok := strings.Cut(user, ":")
	if uid, err = strconv.Atoi(first); err == nil && ok {
		gid, err = strconv.Atoi(second)
	}
	return uid, gid, err
}

// ready waits until the server answers /ping within its limits.
func (c *Container) ready(pidFile, address string) error {
	var client *http.Client
	for end := time.Now().Add(c.limits.Start); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
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
			transport := &http.Transport{DialContext: within(pid, c.limits.Connect)}
			client = &http.Client{Transport: transport, Timeout: c.limits.Ping}
			c.ReverseProxy = httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
			c.Transport = transport
		}
		res, err := client.Get("http://" + address + "/ping")
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
func within(pid int, limit time.Duration) func(context.Context, string, string) (net.Conn, error) {
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
			conn, err := (&net.Dialer{Timeout: limit}).DialContext(ctx, network, address)
			done <- result{conn, err}
		}()
		r := <-done
		return r.conn, r.err
	}
}

// ServeHTTP limits a request as the cloud does.
func (c *Container) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), c.limits.Invoke)
	defer cancel()
	c.ReverseProxy.ServeHTTP(w, r.WithContext(ctx))
}

// Stop ends the server, and returns its log.
func (c *Container) Stop() []string {
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
