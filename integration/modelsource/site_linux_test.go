//go:build integration

package modelsource

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// site is a network that a client does not reach: builders, a registry, and stores.
type site struct {
	*lab.Namespace
	// registry is the host of a registry, index the address of a package index.
	registry, index string
	// contexts are the named build contexts of every build; the registry has them.
	contexts map[string]string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{Namespace: lab.NewNamespace(t)}
	port, err := lab.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s.registry = s.Address + ":" + strconv.Itoa(port)
	config := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", dir, s.registry)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: s.Transport()}
	p, err := lab.StartCommand(filepath.Join(dir, "log"), lab.Answers(client, "http://"+s.registry+"/v2/"), s.Command(context.Background(), "registry", "serve", config))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	s.index = s.serve(t, uvIndex(t), nil)
	s.contexts = map[string]string{}
	for name, layout := range map[string]string{"base": shared.Base, "toolchain": shared.Toolchain} {
		ref := s.registry + "/" + name + ":1"
		if err := lab.PushLayout(layout, ref, remote.WithTransport(s.Transport())); err != nil {
			t.Fatal(err)
		}
		s.contexts[name] = "docker-image://" + ref
	}
	return s
}

// uvIndex is a package index with the uv of locks.
func uvIndex(t *testing.T) http.Handler {
	t.Helper()
	p := shared.Tiny(t, "")
	p.Lock(t)
	index := lab.NewIndex(t)
	index.Links = p.UVLinks(t)
	for _, f := range p.Locked(t).UV {
		if f.Platform != "linux/"+runtime.GOARCH {
			continue
		}
		answer, err := http.Get(f.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		wheel, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s: %v", f.URL, answer.Status, err)
		}
		index.Put(lab.Distribution{Name: f.Filename, Content: wheel})
		index.Links["uv"] = strings.ReplaceAll(index.Links["uv"], f.URL, "/files/"+f.Filename)
	}
	return index
}

// serve serves in the network, by TLS if there is a configuration.
func (s *site) serve(t *testing.T, h http.Handler, secure *tls.Config) (url string) {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	_ = server.Listener.Close()
	server.Listener = s.Listen(t)
	if server.TLS = secure; secure != nil {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server.URL
}

// builder starts a builder in the network, and returns the address of its socket.
func (s *site) builder(t *testing.T) string {
	t.Helper()
	// Not t.TempDir, whose path is too long for a socket.
	dir, err := os.MkdirTemp("", "deployfile-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d, err := lab.StartDaemonIn(filepath.Join(dir, "b"), s.Network, s.registry)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Stop)
	return d.Address
}

// within runs a command of the user in a network. It must succeed.
func (u *user) within(t *testing.T, n lab.Network, dir string, args ...string) {
	t.Helper()
	c := n.Command(t.Context(), os.Args[0], args...)
	c.Env, c.Dir = u.env, dir
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("deployfile %s: %v\n%s", strings.Join(args, " "), err, lab.Tail(string(out)))
	}
}

// flags are those of a command that builds on a builder of the site.
func (s *site) flags(builder string) []string {
	args := []string{"--builder", builder, "--progress", "plain", "--build-arg", "DEPLOYFILE_INDEX=" + s.index + "/simple"}
	return append(args, lab.BuildContexts(s.contexts)...)
}
