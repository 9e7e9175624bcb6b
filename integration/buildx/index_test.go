package buildx

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
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
	files map[string][]byte
	// user and password are demanded if there is a password.
	user, password string
	// uv are links to uv's wheels, on another host.
	uv string

	mu sync.Mutex
	// asked are the paths that were asked for.
	asked []string
}

func newIndex(t *testing.T, wheels ...wheel) *index {
	t.Helper()
	x := &index{files: map[string][]byte{}}
	for _, w := range wheels {
		x.files[w.name] = w.content
	}
	x.Server = httptest.NewServer(x)
	t.Cleanup(x.Close)
	return x
}

// table is the index in a Deployfile; more are further lines of it.
func (x *index) table(name string, more ...string) string {
	return fmt.Sprintf("[[environment.indexes]]\nname = %q\nurl = \"%s/simple\"\n%s\n", name, x.URL, strings.Join(more, "\n"))
}

func (x *index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	x.asked = append(x.asked, r.URL.Path)
	x.mu.Unlock()
	if user, password, _ := r.BasicAuth(); x.password != "" && (user != x.user || password != x.password) {
		w.Header().Set("WWW-Authenticate", `Basic realm="packages"`)
		http.Error(w, "no credential, or a wrong one", http.StatusUnauthorized)
		return
	}
	dir, name := path.Split(strings.TrimSuffix(r.URL.Path, "/"))
	switch content, ok := x.files[name]; {
	case dir == "/files/" && ok:
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	case dir == "/simple/" && x.page(name) != "":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, x.page(name))
	default:
		http.NotFound(w, r)
	}
}

// page lists the files of a project.
func (x *index) page(project string) string {
	var links strings.Builder
	if project == "uv" {
		links.WriteString(x.uv)
	}
	for _, name := range slices.Sorted(maps.Keys(x.files)) {
		distribution, _, _ := strings.Cut(name, "-")
		if strings.ReplaceAll(distribution, "_", "-") == project {
			fmt.Fprintf(&links, "<a href=\"/files/%s#sha256=%x\">%s</a>\n", name, sha256.Sum256(x.files[name]), name)
		}
	}
	return links.String()
}

// askedFor says whether a project, or a file of it, was asked for.
func (x *index) askedFor(project string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.ContainsFunc(x.asked, func(p string) bool {
		return strings.Contains(strings.ReplaceAll(p, "_", "-"), "/"+project)
	})
}

// wheel is the file of a pure-Python package (PEP 427) with a module of the
// project's name.
type wheel struct {
	name    string
	content []byte
}

func newWheel(t *testing.T, project, version string, requires ...string) wheel {
	t.Helper()
	project = strings.ReplaceAll(project, "-", "_")
	info := fmt.Sprintf("%s-%s.dist-info/", project, version)
	metadata := fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\nLicense: MIT\n", strings.ReplaceAll(project, "_", "-"), version)
	for _, r := range requires {
		metadata += "Requires-Dist: " + r + "\n"
	}
	files := map[string]string{
		project + ".py":   fmt.Sprintf("VERSION = %q\n", version),
		info + "METADATA": metadata,
		info + "WHEEL":    "Wheel-Version: 1.0\nGenerator: integration\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
	}
	var record strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		sum := sha256.Sum256([]byte(files[name]))
		fmt.Fprintf(&record, "%s,sha256=%s,%d\n", name, base64.RawURLEncoding.EncodeToString(sum[:]), len(files[name]))
	}
	files[info+"RECORD"] = record.String() + info + "RECORD,,\n"
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return wheel{fmt.Sprintf("%s-%s-py3-none-any.whl", project, version), out.Bytes()}
}
