package buildx

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// registry is distribution's registry behind a proxy that sees what is pushed.
type registry struct {
	*child
	// dir is where it keeps its blobs, host its address.
	dir, host string
	front     *httptest.Server

	mu     sync.Mutex
	pushed []string
}

func newRegistry(dir string) (*registry, error) {
	port, err := freePort()
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
	r := &registry{dir: dir}
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
	r.host = strings.TrimPrefix(r.front.URL, "http://")
	r.child, err = spawn(filepath.Join(dir, "log"), time.Minute, func() bool {
		answer, err := http.Get("http://" + behind + "/v2/")
		if err != nil {
			return false
		}
		answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}, "registry", "serve", file)
	if err != nil {
		r.front.Close()
		return nil, err
	}
	return r, nil
}

func (r *registry) stop() {
	r.front.Close()
	r.child.stop()
}

// startRegistry is a registry with nothing in it, which ends with the test.
func startRegistry(t *testing.T) *registry {
	t.Helper()
	r, err := newRegistry(filepath.Join(t.TempDir(), "registry"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.stop)
	return r
}

// uploads are the digests of the blobs that were sent to the registry while
// during ran.
func (r *registry) uploads(during func()) []string {
	r.mu.Lock()
	r.pushed = nil
	r.mu.Unlock()
	during()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pushed
}

func pushLayout(dir, ref string) error {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return err
	}
	m, err := index.IndexManifest()
	if err != nil {
		return err
	}
	r, err := name.ParseReference(ref)
	if err != nil {
		return err
	}
	if m.Manifests[0].MediaType.IsIndex() {
		inner, err := index.ImageIndex(m.Manifests[0].Digest)
		if err != nil {
			return err
		}
		return remote.WriteIndex(r, inner)
	}
	img, err := index.Image(m.Manifests[0].Digest)
	if err != nil {
		return err
	}
	return remote.Write(r, img)
}

// pull returns what the registry has by a name: an index, or else an image.
func pull(t *testing.T, ref string) *remote.Descriptor {
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

// pullImage is the image for a platform, whether in an index or not.
func pullImage(t *testing.T, ref, arch string) v1.Image {
	t.Helper()
	r, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	img, err := remote.Image(r, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: arch}))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func digestOf(t *testing.T, img interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	h, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
