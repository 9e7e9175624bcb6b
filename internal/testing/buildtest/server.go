package buildtest

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

// Server is an image that runs in the builder, as its configuration says.
type Server struct {
	URL       string
	container gwclient.Container
	Config    dockerspec.DockerOCIImage
	ctx       context.Context
}

// Serve builds the project, runs the image and calls use while it answers. Not
// the test's own goroutine calls it, so it must not end the test.
func (p *Project) Serve(t *testing.T, use func(*Server)) *Image {
	t.Helper()
	return p.BuildWith(t, func(o *build.Options) { o.Then = Serving(use) })
}

// Serving returns a build.Options.Then.
func Serving(use func(*Server)) func(context.Context, *build.Built) error {
	return func(ctx context.Context, b *build.Built) error { return ServeResult(ctx, b.Client, b.Result, use) }
}

// ServeResult runs a result of the frontend.
func ServeResult(ctx context.Context, c gwclient.Client, r *gwclient.Result, use func(*Server)) error {
	s := &Server{ctx: ctx}
	if err := json.Unmarshal(r.Metadata[exptypes.ExporterImageConfigKey], &s.Config); err != nil {
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
func (s *Server) run(use func(*Server)) error {
	port, err := lab.FreePort()
	if err != nil {
		return err
	}
	s.URL = fmt.Sprintf("http://127.0.0.1:%d", port)
	log := &Output{}
	p, err := s.Start(log, []string{fmt.Sprintf("PORT=%d", port)}, s.Config.Config.Cmd...)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- p.Wait() }()
	for deadline := time.Now().Add(BuildLimit); ; {
		if status, _, err := Request(s.URL+"/ping", nil); err == nil && status == http.StatusOK {
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

// Start starts a process in the container as the image's user and with its
// environment.
func (s *Server) Start(out *Output, env []string, args ...string) (gwclient.ContainerProcess, error) {
	c := s.Config.Config
	return s.container.Start(s.ctx, gwclient.StartRequest{
		Args: args, Env: append(append([]string{}, c.Env...), env...), User: c.User, Cwd: c.WorkingDir, Stdout: out, Stderr: out,
	})
}

// Exec runs a program beside the server and returns what it prints.
func (s *Server) Exec(t *testing.T, args ...string) string {
	t.Helper()
	out := &Output{}
	p, err := s.Start(out, nil, args...)
	if err == nil {
		err = p.Wait()
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(out.String())
}

// Get returns the body of a GET that must succeed.
func (s *Server) Get(t *testing.T, path string) string { t.Helper(); return s.ask(t, path, nil) }

// Post returns the body of a POST of JSON that must succeed.
func (s *Server) Post(t *testing.T, path string, body []byte) string {
	t.Helper()
	return s.ask(t, path, body)
}

func (s *Server) ask(t *testing.T, path string, body []byte) string {
	t.Helper()
	status, answer, err := Request(s.URL+path, body)
	if err != nil {
		t.Error(err)
	} else if status != http.StatusOK {
		t.Errorf("%s answers %d: %s", path, status, answer)
	}
	return answer
}

// Request sends a GET, or a POST of JSON if there is a body.
func Request(url string, body []byte) (status int, answer string, err error) {
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

// Output collects what a process prints.
type Output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (w *Output) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.Write(p)
}

// Close implements io.Closer.
func (w *Output) Close() error { return nil }

// String returns what was printed so far.
func (w *Output) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}
