//go:build integration

package ocimodel

import (
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
	"github.com/google/go-cmp/cmp"
)

// slowReads is a way to a registry by which blobs come slowly.
func slowReads(t *testing.T, host string) string {
	t.Helper()
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(&url.URL{Scheme: "http", Host: host})
		p.Out.Host = p.In.Host
	}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { proxy.ServeHTTP(&slowWriter{w}, r) }))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

type slowWriter struct{ http.ResponseWriter }

func (s *slowWriter) Write(p []byte) (int, error) {
	time.Sleep(time.Millisecond)
	return s.ResponseWriter.Write(p)
}

// TestKilledPull ends a pull without a warning, and pulls again: there is no half a
// directory in between, and a whole one afterwards.
func TestKilledPull(t *testing.T) {
	registry := lab.StartRegistry(t)
	dir, user := model(t, 200), newCLI(t)
	user.run("model", "push", registry.Host+"/models/iris:1", dir)
	parent := t.TempDir()
	to := filepath.Join(parent, "pulled")
	killed := user.command("model", "pull", slowReads(t, registry.Host)+"/models/iris:1", to)
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); sizeOf(parent) < 10<<20; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it pulls nothing")
		}
	}
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := killed.Wait(); err == nil {
		t.Fatal("it was done before it was killed")
	}
	if _, err := os.Stat(to); err == nil {
		t.Error("it leaves half a directory")
	}
	user.run("model", "pull", registry.Host+"/models/iris:1", to)
	if d := cmp.Diff(sums(t, dir), sums(t, to)); d != "" {
		t.Error(d)
	}
}

// sizeOf returns how many bytes are in a directory that is being filled.
func sizeOf(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			size += info.Size()
		}
		return nil
	})
	return size
}
