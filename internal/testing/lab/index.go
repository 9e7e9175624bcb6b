package lab

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"deps.dev/util/pypi"
)

// Index is a package index (PEP 503) on the loopback, where the builder's
// steps reach it because they share the host's network.
type Index struct {
	*httptest.Server
	// User and Password are demanded if there is a password.
	User, Password string
	// Links are pages of projects whose files are elsewhere.
	Links map[string]string
	// Redirect, if it is set, says where a path is instead, "" for here.
	Redirect func(path string) string
	// Refuses, if it is set, is the status that who has no right credential gets, in the
	// place of 401.
	Refuses int
	// Held, if it is set, gets a value for a request that is never answered.
	Held chan struct{}

	mu    sync.Mutex
	files map[string][]byte
	// yanked are the reasons why files were withdrawn (PEP 592).
	yanked map[string]string
	asked  []string
}

// NewIndex returns an index with these files, which ends with the test.
func NewIndex(t *testing.T, files ...Distribution) *Index {
	t.Helper()
	x := &Index{files: map[string][]byte{}, yanked: map[string]string{}}
	for _, f := range files {
		x.Put(f)
	}
	x.Server = httptest.NewServer(x)
	t.Cleanup(x.Close)
	return x
}

// Put adds a file, or gives it other bytes.
func (x *Index) Put(f Distribution) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.files[f.Name] = f.Content
}

// Remove takes a file out.
func (x *Index) Remove(f Distribution) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.files, f.Name)
}

// Yank withdraws a file for a reason.
func (x *Index) Yank(f Distribution, reason string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.yanked[f.Name] = reason
}

// Table returns the index in a Deployfile; more are further lines of it.
func (x *Index) Table(name string, more ...string) string {
	return fmt.Sprintf("[[environment.indexes]]\nname = %q\nurl = \"%s/simple\"\n%s\n", name, x.URL, strings.Join(more, "\n"))
}

// AskedFor says whether a project, or a file of it, was asked for.
func (x *Index) AskedFor(project string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.ContainsFunc(x.asked, func(p string) bool {
		return strings.Contains(strings.ReplaceAll(p, "_", "-"), "/"+project)
	})
}

// ServeHTTP implements http.Handler.
func (x *Index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if x.Held != nil {
		x.Held <- struct{}{}
		<-r.Context().Done()
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.asked = append(x.asked, r.URL.Path)
	if x.Redirect != nil {
		if to := x.Redirect(r.URL.Path); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
			return
		}
	}
	if user, password, _ := r.BasicAuth(); x.Password != "" && (user != x.User || password != x.Password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="packages"`)
		http.Error(w, "no credential, or a wrong one", cmp.Or(x.Refuses, http.StatusUnauthorized))
		return
	}
	dir, name := path.Split(strings.TrimSuffix(r.URL.Path, "/"))
	switch dir {
	case "/files/":
		if content, ok := x.files[name]; ok {
			http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
			return
		}
	case "/simple/":
		if page := x.page(name); page != "" {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, page)
			return
		}
	}
	http.NotFound(w, r)
}

// page lists the files of a project.
func (x *Index) page(project string) string {
	links := []string{x.Links[project]}
	for name, content := range x.files {
		distribution, _, _ := strings.Cut(strings.TrimSuffix(name, ".tar.gz"), "-")
		if pypi.CanonPackageName(distribution) != project {
			continue
		}
		yanked := ""
		if reason, ok := x.yanked[name]; ok {
			yanked = fmt.Sprintf(" data-yanked=%q", reason)
		}
		links = append(links, fmt.Sprintf("<a href=\"/files/%s#sha256=%x\"%s>%s</a>\n", name, sha256.Sum256(content), yanked, name))
	}
	slices.Sort(links)
	return strings.Join(links, "")
}
