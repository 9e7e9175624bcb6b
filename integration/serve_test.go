//go:build integration

package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
)

// server is an image that runs in the builder, as its configuration says.
type server struct {
	url       string
	container gwclient.Container
	config    dockerspec.DockerOCIImage
	ctx       context.Context
}

// serve builds the project, runs the image and calls use while it answers. Not
// the test's own goroutine calls it, so it must not end the test.
func (p *project) serve(t *testing.T, use func(*server)) *image {
	t.Helper()
	return p.buildWith(t, func(o *build.Options) { o.Then = serving(use) })
}

// serving is a build.Options.Then.
func serving(use func(*server)) func(context.Context, *build.Built) error {
	return func(ctx context.Context, b *build.Built) error { return serveResult(ctx, b.Client, b.Result, use) }
}

// serveResult runs a result of the frontend.
func serveResult(ctx context.Context, c gwclient.Client, r *gwclient.Result, use func(*server)) error {
	s := &server{ctx: ctx}
	if err := json.Unmarshal(r.Metadata[exptypes.ExporterImageConfigKey], &s.config); err != nil {
		return fmt.Errorf("the image's config: %w", err)
	}
	ref, err := r.SingleRef()
	if err != nil {
		return err
	}
	s.container, err = c.NewContainer(ctx, gwclient.NewContainerRequest{
		Mounts: []gwclient.Mount{{Dest: "/", MountType: pb.MountType_BIND, Ref: ref}},
	})
	if err != nil {
		return err
	}
	defer s.container.Release(context.WithoutCancel(ctx))
	return s.run(use)
}

// run starts the image's command on a free port and ends it after use.
func (s *server) run(use func(*server)) error {
	port, err := lab.FreePort()
	if err != nil {
		return err
	}
	s.url = fmt.Sprintf("http://127.0.0.1:%d", port)
	log := &words{}
	p, err := s.start(log, []string{fmt.Sprintf("PORT=%d", port)}, s.config.Config.Cmd...)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- p.Wait() }()
	for deadline := time.Now().Add(buildLimit); ; {
		if status, _, err := request(s.url+"/ping", nil); err == nil && status == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the server does not answer:\n%s", log)
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the server ended before it answered: %v\n%s", err, log)
		case <-time.After(50 * time.Millisecond):
		}
	}
	use(s)
	if err := p.Signal(s.ctx, syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-ended:
		return nil
	case <-time.After(time.Minute):
		return fmt.Errorf("the server does not end at SIGTERM:\n%s", log)
	}
}

// start starts a process in the container as the image's user and with its
// environment.
func (s *server) start(out *words, env []string, args ...string) (gwclient.ContainerProcess, error) {
	c := s.config.Config
	return s.container.Start(s.ctx, gwclient.StartRequest{
		Args: args, Env: append(append([]string{}, c.Env...), env...), User: c.User, Cwd: c.WorkingDir, Stdout: out, Stderr: out,
	})
}

// exec runs a program beside the server and returns what it prints.
func (s *server) exec(t *testing.T, args ...string) string {
	t.Helper()
	out := &words{}
	p, err := s.start(out, nil, args...)
	if err == nil {
		err = p.Wait()
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(out.String())
}

// get returns the body of a GET that must succeed.
func (s *server) get(t *testing.T, path string) string { t.Helper(); return s.ask(t, path, nil) }

// post returns the body of a POST of JSON that must succeed.
func (s *server) post(t *testing.T, path string, body []byte) string {
	t.Helper()
	return s.ask(t, path, body)
}

func (s *server) ask(t *testing.T, path string, body []byte) string {
	t.Helper()
	status, answer, err := request(s.url+path, body)
	if err != nil {
		t.Error(err)
	} else if status != http.StatusOK {
		t.Errorf("%s answers %d: %s", path, status, answer)
	}
	return answer
}

// request is a GET, or a POST of JSON if there is a body.
func request(url string, body []byte) (status int, answer string, err error) {
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	q, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	q.Header.Set("Content-Type", "application/json")
	// No proxy of this machine's, and no connection that outlives a server.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	r, err := client.Do(q)
	if err != nil {
		return 0, "", err
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	return r.StatusCode, string(data), err
}

// words collects what a process prints.
type words struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Write(p)
}

func (w *words) Close() error { return nil }

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}
