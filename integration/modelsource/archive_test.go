//go:build integration

package modelsource

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// tarred is an archive of files, with these entries after them.
func tarred(t *testing.T, files map[string]string, top string, more ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.WriteHeader(&tar.Header{Name: top + name, Mode: 0o640, Size: int64(len(files[name])), ModTime: time.Now()}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range more {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if w.Close() != nil || z.Close() != nil {
		t.Fatal("the archive is not written")
	}
	return b.Bytes()
}

func zipped(t *testing.T, files map[string]string, top string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.Create(top + name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// serveAt serves on an address of this machine, and returns the URL.
func serveAt(t *testing.T, address string, h http.Handler) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// serving serves data by paths.
func serving(data map[string][]byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := data[r.URL.Path]
		if !ok {
			http.Error(w, "<html>nothing here</html>", http.StatusNotFound)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

// TestArchive builds from archives of each form, which the client sends, or the builder
// fetches, to the image of the model's directory.
func TestArchive(t *testing.T) {
	files := tinyFiles(t)
	h := serving(map[string][]byte{
		"/root.tar.gz": tarred(t, files, "./"),
		"/top.tgz":     tarred(t, files, "my model/", &tar.Header{Name: "README", Typeflag: tar.TypeReg}),
		"/model.zip":   zipped(t, files, "model/"),
	})
	want := directoryImage(t, files)
	for name, through := range map[string]bool{"/root.tar.gz": false, "/top.tgz": true, "/model.zip": false} {
		t.Run(name, func(t *testing.T) {
			address := ownAddress(t)
			if through {
				address = "127.0.0.1"
			}
			givesImage(t, serveAt(t, address, h)+name, want, nil, through)
		})
	}
}

// TestArchiveErrors says what is wrong with an archive, or its server.
func TestArchiveErrors(t *testing.T) {
	files := map[string]string{"MLmodel": tinyModel}
	archives := map[string][]byte{
		"/up.tgz":     tarred(t, files, "", &tar.Header{Name: "a/../../b"}),
		"/root.tgz":   tarred(t, files, "", &tar.Header{Name: "/etc/passwd"}),
		"/link.tgz":   tarred(t, files, "", &tar.Header{Name: "secret", Typeflag: tar.TypeSymlink, Linkname: "../../etc/passwd"}),
		"/line.tgz":   tarred(t, files, "", &tar.Header{Name: "a\nb"}),
		"/device.tgz": tarred(t, files, "", &tar.Header{Name: "null", Typeflag: tar.TypeChar}),
		"/twice.tgz":  tarred(t, files, "", &tar.Header{Name: "MLmodel"}),
		"/none.tgz":   tarred(t, map[string]string{"a/b/MLmodel": tinyModel}, ""),
		"/two.tgz":    tarred(t, map[string]string{"a/MLmodel": tinyModel, "b/MLmodel": tinyModel}, ""),
		"/bomb.tgz":   tarred(t, map[string]string{"MLmodel": tinyModel, "zeros": strings.Repeat("\x00", 80<<20)}, ""),
		"/page":       []byte("<html>a page</html>"),
		"/up.zip":     zipped(t, files, "../"),
	}
	archives["/short.tgz"] = archives["/two.tgz"][:60]
	url := serveAt(t, "127.0.0.1", serving(archives))
	for path, want := range map[string]string{
		"/up.tgz":     `"a/../../b"`,
		"/root.tgz":   `"/etc/passwd"`,
		"/link.tgz":   `"secret" of the archive is a link to something outside`,
		"/line.tgz":   "control character",
		"/device.tgz": "neither a file",
		"/twice.tgz":  `"MLmodel" of the archive is in it twice`,
		"/none.tgz":   "has no MLmodel",
		"/two.tgz":    `the models "a" and "b"`,
		"/bomb.tgz":   "unpacks to more than 100 times its size",
		"/page":       "it is no archive",
		"/short.tgz":  "cannot be read",
		"/up.zip":     `"../MLmodel"`,
		"/missing":    "404 Not Found",
	} {
		t.Run(path[1:], func(t *testing.T) { fails(t, url+path, nil, want) })
	}
}

// TestArchiveServers gets an archive from servers that fail, and gives a credential to
// the server that ~/.netrc names alone.
func TestArchiveServers(t *testing.T) {
	files := tinyFiles(t)
	archive := tarred(t, files, "")
	good := serving(map[string][]byte{"/m.tgz": archive})
	wrong := serveAt(t, "127.0.0.1", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("another host got a credential")
		}
		good.ServeHTTP(w, r)
	}))
	asked := map[string]int{}
	url := serveAt(t, "127.0.0.1", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		r.URL.Path = "/" + rest
		asked[at]++
		user, password, _ := r.BasicAuth()
		switch {
		case at == "private" && password == "":
			w.WriteHeader(http.StatusUnauthorized)
		case at == "private" && (user != "me" || password != "s3cr3t"), at == "forbidden":
			w.WriteHeader(http.StatusForbidden)
		case at == "moved":
			http.Redirect(w, r, strings.Replace(wrong, "127.0.0.1", "localhost", 1)+"/m.tgz", http.StatusFound)
		case at == "busy" && asked[at] <= 3:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(map[int]int{1: 500, 2: 503, 3: 429}[asked[at]])
		case at == "dying" && r.Method == http.MethodGet && asked[at] <= 4:
			w.Header().Set("ETag", `"1"`)
			http.ServeContent(&dying{ResponseWriter: w, left: 1 << 20}, r, "", time.Time{}, bytes.NewReader(archive))
		case at == "dying":
			w.Header().Set("ETag", `"1"`)
			good.ServeHTTP(w, r)
		default:
			good.ServeHTTP(w, r)
		}
	}))
	netrc := t.TempDir() + "/netrc"
	if err := os.WriteFile(netrc, []byte("machine example.com login you password other\nmachine 127.0.0.1\n  login me\n  password s3cr3t\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"NETRC": netrc}
	want := directoryImage(t, files)
	for _, at := range []string{"private", "moved", "busy", "dying"} {
		t.Run(at, func(t *testing.T) { givesImage(t, url+"/"+at+"/m.tgz", want, env, true) })
	}
	fails(t, url+"/private/m.tgz", nil, "401 Unauthorized; write login and password of 127.0.0.1 into ~/.netrc")
	fails(t, url+"/forbidden/m.tgz", env, "403 Forbidden; the credential does not allow it")
	fails(t, "http://127.0.0.1:1/m.tgz", env, "connection refused")
}

// dying ends a connection after a while.
type dying struct {
	http.ResponseWriter
	left int
}

func (d *dying) Write(data []byte) (int, error) {
	if len(data) > d.left {
		_, _ = d.ResponseWriter.Write(data[:d.left])
		panic(http.ErrAbortHandler)
	}
	d.left -= len(data)
	return d.ResponseWriter.Write(data)
}
