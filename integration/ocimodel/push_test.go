//go:build integration

package ocimodel

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/report"
	"github.com/google/go-cmp/cmp"
)

// slow is a way to a registry by which uploads take their time: so many bytes in a
// second.
func slow(t *testing.T, host string, rate int) string {
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(&url.URL{Scheme: "http", Host: host})
		p.Out.Host = p.In.Host
	}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			r.Body = &slowly{r.Body, rate}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

type slowly struct {
	io.ReadCloser
	rate int
}

func (s *slowly) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	time.Sleep(time.Duration(n) * time.Second / time.Duration(s.rate))
	return n, err
}

// TestRoundTrip pushes models and pulls them, hash by hash; the same one gives the same
// digest for whoever pushes it.
func TestRoundTrip(t *testing.T) {
	registry := lab.StartRegistry(t)
	dir := model(t, 5, 9)
	for _, flags := range [][]string{nil, {"--raw"}} {
		name := registry.Host + "/models/iris:" + strings.Join(append([]string{"v1"}, flags...), "")
		push := append([]string{"model", "push", "--json"}, flags...)
		first := decode[report.ModelPush](t, newCLI(t).run(append(push, name, dir)...))
		other := registry.Host + "/others/iris:1"
		if again := decode[report.ModelPush](t, newCLI(t).run(append(push, other, dir)...)); again.Digest != first.Digest || again.Files != 5 {
			t.Errorf("%s and %s", again.Digest, first.Digest)
		}
		to := filepath.Join(t.TempDir(), "pulled")
		newCLI(t).run("model", "pull", first.Reference, to)
		if d := cmp.Diff(sums(t, dir), sums(t, to)); d != "" {
			t.Errorf("%v: %s", flags, d)
		}
		a := decode[report.ModelArtifact](t, newCLI(t).run("model", "inspect", "--json", name))
		if a.Reference != first.Reference || a.Annotations["io.github.deployfile.model.run-id"] != "abc123" {
			t.Errorf("%+v", a)
		}
		for _, l := range a.Layers {
			for _, f := range l.Files {
				if want := sums(t, dir)[f.Path]; f.SHA256 != want || l.Mounts != (flags == nil) {
					t.Errorf("%v: layer %+v", flags, l)
				}
			}
		}
	}
}

// TestKilled ends a push without a warning, and pushes again: what the registry has is
// not sent a second time, and the artifact is the same.
func TestKilled(t *testing.T) {
	registry := lab.StartRegistry(t)
	dir := model(t, 400)
	want := decode[report.ModelPush](t, newCLI(t).run("model", "push", "--json", registry.Host+"/whole/iris:1", dir))
	user := newCLI(t)
	host := slow(t, registry.Host, 200<<20)
	push := []string{"model", "push", "--json", host + "/killed/iris:1", dir}
	killed := user.command(push...)
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	waitForPoint(t, user)
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := killed.Wait(); err == nil {
		t.Fatal("it was done before it was killed")
	}
	newCLI(t).fails("model", "pull", registry.Host+"/killed/iris:1", filepath.Join(t.TempDir(), "m"))
	got := decode[report.ModelPush](t, user.run(push...))
	if got.Digest != want.Digest || got.Sent > want.Size-50<<20 {
		t.Errorf("the second push sent %d of %d bytes, and made %s instead of %s", got.Sent, got.Size, got.Digest, want.Digest)
	}
	to := filepath.Join(t.TempDir(), "pulled")
	user.run("model", "pull", registry.Host+"/killed/iris:1", to)
	if d := cmp.Diff(sums(t, dir), sums(t, to)); d != "" {
		t.Error(d)
	}
}

// waitForPoint waits until a push has remembered how far it is.
func waitForPoint(t *testing.T, user *cli) {
	t.Helper()
	for range 600 {
		var found bool
		for _, e := range user.env {
			if cache, ok := strings.CutPrefix(e, "XDG_CACHE_HOME="); ok {
				files, _ := filepath.Glob(filepath.Join(cache, "deployfile", "model-push", "*.json"))
				for _, f := range files {
					data, _ := os.ReadFile(f)
					found = found || strings.Contains(string(data), `"points"`)
				}
			}
		}
		if found {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("it remembers nothing")
}
