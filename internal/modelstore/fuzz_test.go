package modelstore

import (
	"archive/tar"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/modelcache"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/internal/testing/hostile"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/modelsource"
)

// checkListed asserts what holds of any list of files that is accepted.
func checkListed(t *testing.T, files []File) {
	t.Helper()
	seen := map[string]bool{}
	for _, f := range files {
		if !filepath.IsLocal(f.Path) || terminal.Obeys(f.Path) || seen[f.Path] || len(f.Path) > maxName {
			t.Errorf("%q is accepted", f.Path)
		}
		seen[f.Path] = true
		for dir := filepath.Dir(f.Path); dir != "."; dir = filepath.Dir(dir) {
			if seen[dir] {
				t.Errorf("%q is a file and a directory", dir)
			}
		}
	}
}

// FuzzArchive unpacks archives. None leads out, or unpacks to more than it may.
func FuzzArchive(f *testing.F) {
	f.Add(tarOf(f, regular("x/y", 3), link(tar.TypeSymlink, "l", "x/y")))
	f.Add(tarOf(f, regular("../x", 3)))
	f.Add(zipOf(f, "MLmodel", "x/y"))
	f.Add(zipOf(f, "a/MLmodel", "../x"))
	f.Add(hostile.SparseTar("hole", 1<<20, "MLmodel"))
	dir := f.TempDir()
	cache, closed, err := modelcache.Open(dir, modelcache.DefaultLimit)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = closed() })
	f.Fuzz(func(t *testing.T, data []byte) {
		name := filepath.Join(t.TempDir(), "archive")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		u := newUnpacker(t.Context(), cache, modelsource.File{Size: int64(len(data))})
		if u.read(file, int64(len(data))) != nil {
			return
		}
		_, files, err := u.model()
		if err != nil {
			return
		}
		checkListed(t, files)
		total := untrusted.NewUnpacked(int64(len(data)), errUnpacked)
		for _, at := range files {
			if err := total.Count(at.Size); err != nil || !cache.Has(at.SHA256, at.Size) {
				t.Errorf("%+v: %v", at, err)
			}
		}
	})
}

// FuzzListing reads what a hub, and what an MLflow server, say of files.
func FuzzListing(f *testing.F) {
	f.Add(`[{"type":"file","path":"iris/MLmodel","size":3,"oid":"x"},{"type":"file","path":"iris/w","lfs":{"oid":"abc","size":-1}}]`, `</x>; rel="next"`)
	f.Add(`[{"type":"directory","path":"iris/a"}]`, `<https://other.example.com/x>; rel=next`)
	for _, text := range hostile.Texts() {
		name, err := json.Marshal("iris/" + text)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(`[{"type":"file","path":`+string(name)+`}]`, "<"+text+`>; rel="next"`)
	}
	f.Fuzz(func(t *testing.T, answer, link string) {
		h := &hub{client: &client{host: "hub.example.com"}, base: "https://hub.example.com/x", name: modelsource.HubName{Path: "iris"}}
		if next, err := h.next(http.Header{"Link": {link}}); err == nil && next != "" {
			if u, err := url.Parse(next); err != nil || u.Host != "hub.example.com" || u.Scheme != "https" {
				t.Errorf("%q leads to %q", link, next)
			}
		}
		var entries []hubEntry
		if untrusted.DecodeJSON([]byte(answer), "x", maxAnswer, maxValues, &entries) != nil {
			return
		}
		var files []File
		for _, e := range entries {
			at, ok, err := h.file(e)
			if err == nil && ok {
				files = append(files, at)
			}
		}
		if files, err := listed(files); err == nil {
			checkListed(t, files)
		}
	})
}

// FuzzPointer reads pointers of Git LFS.
func FuzzPointer(f *testing.F) {
	f.Add([]byte(string(pointerVersion) + "v1\noid sha256:" + strings.Repeat("0", 64) + "\nsize 12\n"))
	f.Add([]byte(string(pointerVersion) + "v1\noid sha256:../../x\nsize -1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		sum, size, ok := parsePointer(data)
		if b, err := hex.DecodeString(sum); ok && (err != nil || len(b) != 32 || size < 0) {
			t.Errorf("%q is read as %q, %d", data, sum, size)
		}
	})
}
