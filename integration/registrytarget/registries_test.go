//go:build integration

package registrytarget

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/deployfile/deployfile/internal/testing/lab"
)

// deletion lets the registries that the test starts delete, or not.
func deletion(t *testing.T, allowed string) {
	t.Helper()
	t.Setenv("REGISTRY_STORAGE_DELETE_ENABLED", allowed)
}

// registry is one that deletes what it is asked to, and ends with the test.
func registryOf(t *testing.T) *lab.Registry {
	t.Helper()
	deletion(t, "true")
	return lab.StartRegistry(t)
}

// front is the host of a registry's front, where before sees each request; it
// answers the request itself by returning false.
func front(t *testing.T, r *lab.Registry, before func(http.ResponseWriter, *http.Request) bool) string {
	t.Helper()
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(&url.URL{Scheme: "http", Host: r.Host})
		p.Out.Host = p.In.Host
	}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if before(w, q) {
			proxy.ServeHTTP(w, q)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// refuse answers as a registry does.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"errors":[{"code":"` + code + `","message":"` + message + `"}]}`))
}

// dockerOnly is a registry that takes none of OCI's media types.
func dockerOnly(t *testing.T, r *lab.Registry) string {
	t.Helper()
	return front(t, r, func(w http.ResponseWriter, q *http.Request) bool {
		if q.Method == http.MethodPut && strings.Contains(q.URL.Path, "/manifests/") && !strings.HasPrefix(q.Header.Get("Content-Type"), "application/vnd.docker.distribution.manifest.") {
			refuse(w, http.StatusBadRequest, "MANIFEST_INVALID", "manifest invalid")
			return false
		}
		return true
	})
}

// copied copies an image to a repository, and returns it there.
func copied(t *testing.T, source, to, format string, say func(string)) (string, error) {
	t.Helper()
	c, err := registryclient.New()
	if err != nil {
		t.Fatal(err)
	}
	from, err := registryclient.ParseReference(source)
	if err != nil {
		t.Fatal(err)
	}
	repository, err := registryclient.ParseRepository(to)
	if err != nil {
		t.Fatal(err)
	}
	made, err := c.Copy(t.Context(), from, repository, registryclient.CopyOptions{Format: format, Progress: say})
	return to + "@" + made.String(), err
}
