package integration

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// index is a package index (PEP 503) on the loopback, where the builder's
// steps reach it because they share the host's network.
type index struct {
	*httptest.Server
	mu    sync.Mutex
	files map[string][]byte
	// links are pages of projects whose files are elsewhere.
	links map[string]string
	// asked, if it is set, gets a value for a request that is never answered.
	asked chan struct{}
	// user and password are demanded if there is a user.
	user, password string
}

func newIndex(t *testing.T, files ...distribution) *index {
	t.Helper()
	x := &index{files: map[string][]byte{}}
	for _, f := range files {
		x.put(f)
	}
	x.Server = httptest.NewServer(x)
	t.Cleanup(x.Close)
	return x
}

// put adds a file, or gives it other bytes.
func (x *index) put(f distribution) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.files[f.name] = f.content
}

func (x *index) remove(f distribution) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.files, f.name)
}

// table is the index in a Deployfile; more are further lines of it.
func (x *index) table(more ...string) string {
	return fmt.Sprintf("[[environment.indexes]]\nname = \"local\"\nurl = \"%s/simple\"\n%s\n", x.URL, strings.Join(more, "\n"))
}

func (x *index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if x.asked != nil {
		x.asked <- struct{}{}
		<-r.Context().Done()
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if user, password, _ := r.BasicAuth(); x.user != "" && (user != x.user || password != x.password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="packages"`)
		http.Error(w, "no credential, or a wrong one", http.StatusUnauthorized)
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
func (x *index) page(project string) string {
	links := []string{x.links[project]}
	for name, content := range x.files {
		distribution, _, _ := strings.Cut(strings.TrimSuffix(name, ".tar.gz"), "-")
		if normalized(distribution) == project {
			links = append(links, fmt.Sprintf("<a href=\"/files/%s#sha256=%x\">%s</a>\n", name, sha256.Sum256(content), name))
		}
	}
	slices.Sort(links)
	return strings.Join(links, "")
}

// normalized is a project's name as PEP 503 has it.
func normalized(name string) string {
	return strings.ToLower(regexp.MustCompile(`[-_.]+`).ReplaceAllString(name, "-"))
}
