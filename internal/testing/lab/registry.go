package lab

import (
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/containerd/containerd/v2/pkg/archive/compression"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Registry is distribution's registry behind a proxy that sees what is pushed.
type Registry struct {
	// Host is its host and port.
	Host string

	process *Process
	dir     string
	front   *httptest.Server

	mu     sync.Mutex
	pushed []string
}

// NewRegistry starts a registry that keeps all that it has in a new directory.
func NewRegistry(dir string) (*Registry, error) {
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	behind := fmt.Sprintf("127.0.0.1:%d", port)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	config := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", filepath.Join(dir, "data"), behind)
	file := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	r := &Registry{dir: dir}
	r.process, err = Start(filepath.Join(dir, "log"), Answers(http.DefaultClient, "http://"+behind+"/v2/"), "registry", "serve", file)
	if err != nil {
		return nil, err
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(&url.URL{Scheme: "http", Host: behind})
		// The registry answers with URLs of the host that it was asked by.
		p.Out.Host = p.In.Host
	}}
	r.front = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if digest := q.URL.Query().Get("digest"); q.Method == http.MethodPut && strings.Contains(q.URL.Path, "/blobs/uploads/") {
			r.mu.Lock()
			r.pushed = append(r.pushed, digest)
			r.mu.Unlock()
		}
		proxy.ServeHTTP(w, q)
	}))
	r.Host = strings.TrimPrefix(r.front.URL, "http://")
	return r, nil
}

// Stop ends the registry.
func (r *Registry) Stop() {
	r.front.Close()
	r.process.Stop()
}

// StartRegistry returns a registry with nothing in it, which ends with the test.
func StartRegistry(t *testing.T) *Registry {
	t.Helper()
	r, err := NewRegistry(filepath.Join(t.TempDir(), "registry"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	return r
}

// Uploads returns the digests of the blobs that were sent to the registry while
// during ran.
func (r *Registry) Uploads(during func()) []string {
	r.mu.Lock()
	r.pushed = nil
	r.mu.Unlock()
	during()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pushed
}

// Blobs returns all that the registry holds, decompressed, by digest.
func (r *Registry) Blobs(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(filepath.Join(r.dir, "data"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "data" || d.IsDir() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		content, err := compression.DecompressStream(f)
		if err != nil {
			return err
		}
		defer content.Close()
		text, err := io.ReadAll(content)
		out[filepath.Base(filepath.Dir(path))] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Pull returns what the registry has by a name: an index, or else an image.
func Pull(t *testing.T, ref string) *remote.Descriptor {
	t.Helper()
	r, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	d, err := remote.Get(r)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
