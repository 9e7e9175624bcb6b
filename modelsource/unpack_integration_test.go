//go:build integration

package modelsource

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/hostile"
)

// fileOf is a file as a lock has it.
func fileOf(name, text string) File {
	sum := sha256.Sum256([]byte(text))
	return File{Path: name, Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:])}
}

// member is an entry of an archive.
type member struct {
	name, text, link string
	kind             byte
	mode             int64
	pax              map[string]string
}

func tarball(t *testing.T, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Typeflag: m.kind, Linkname: m.link, Mode: m.mode, Size: int64(len(m.text)), PAXRecords: m.pax}
		if m.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t *testing.T, parts ...io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.Copy(w, io.MultiReader(parts...)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipped(t *testing.T, change func(*zip.FileHeader), members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
		h.SetMode(fs.FileMode(m.mode))
		if change != nil {
			change(h)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, m.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zeros are n zeros.
func zeros(n int64) io.Reader { return io.LimitReader(nothing{}, n) }

type nothing struct{}

func (nothing) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// longHeader is an archive with an extended header of a size.
func longHeader(t *testing.T, kind byte, size int64) []byte {
	t.Helper()
	h := tarball(t, member{name: "x"})[:512]
	copy(h[124:], fmt.Sprintf("%011o", size))
	h[156] = kind
	copy(h[148:], "        ")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return gzipped(t, bytes.NewReader(h), zeros(size), bytes.NewReader(tarball(t, member{name: "MLmodel", text: "x"})))
}

// TestUnpack takes the files of a lock out of archives of every bad kind, or says what is
// wrong. It writes nothing else, and no more than a lock says.
func TestUnpack(t *testing.T) {
	good := member{name: "MLmodel", text: "model"}
	locked := []File{fileOf("MLmodel", "model")}
	const whole = "-rw-r--r-- model"
	all := map[string]string{"MLmodel": whole}
	zeroed := func(size int64) File {
		h := sha256.New()
		_, _ = io.Copy(h, zeros(size))
		return File{Path: "zeros", Size: size, SHA256: hex.EncodeToString(h.Sum(nil))}
	}
	outside := filepath.Join(t.TempDir(), "outside")
	for name, tt := range map[string]struct {
		archive []byte
		files   []File
		root    string
		want    string
		left    map[string]string
	}{
		"tar":                 {archive: tarball(t, good), left: all},
		"tar.gz":              {archive: gzipped(t, bytes.NewReader(tarball(t, good))), left: all},
		"zip":                 {archive: zipped(t, nil, good), left: all},
		"below a directory":   {archive: tarball(t, member{name: "iris/MLmodel", text: "model"}, member{name: "README", text: "beside"}), root: "iris", left: all},
		"setuid":              {archive: tarball(t, member{name: "MLmodel", text: "model", mode: 0o6755}), left: all},
		"zip, setuid":         {archive: zipped(t, nil, member{name: "MLmodel", text: "model", mode: int64(fs.ModeSetuid | 0o755)}), left: all},
		"up":                  {archive: tarball(t, good, member{name: "../x", text: "x"}), left: all},
		"zip, up":             {archive: zipped(t, nil, good, member{name: "../x", text: "x"}), left: all},
		"absolute":            {archive: tarball(t, good, member{name: outside, text: "x"}), left: all},
		"a link out":          {archive: tarball(t, good, member{name: "x", kind: tar.TypeSymlink, link: "/etc"}, member{name: "x/passwd", text: "x"}), left: all},
		"the file is out":     {archive: tarball(t, member{name: "MLmodel", kind: tar.TypeSymlink, link: "/etc/passwd"}), want: "no such file"},
		"the file is up":      {archive: tarball(t, member{name: "MLmodel", kind: tar.TypeLink, link: "../../etc/passwd"}), want: "no such file"},
		"links in a ring":     {archive: tarball(t, member{name: "MLmodel", kind: tar.TypeSymlink, link: "x"}, member{name: "x", kind: tar.TypeSymlink, link: "MLmodel"}), want: "no such file"},
		"a device":            {archive: tarball(t, good, member{name: "x", kind: tar.TypeChar}, member{name: "p", kind: tar.TypeFifo}), left: all},
		"the file is a pipe":  {archive: tarball(t, member{name: "MLmodel", kind: tar.TypeFifo}), want: "no such file"},
		"a directory":         {archive: tarball(t, member{name: "MLmodel/", kind: tar.TypeDir}), want: "no such file"},
		"escapes":             {archive: tarball(t, good, member{name: "a\x1b]0;x\nb", text: "x"}), left: all},
		"twice":               {archive: tarball(t, good, member{name: "MLmodel", text: "other"}), left: all},
		"other contents":      {archive: tarball(t, member{name: "MLmodel", text: "Model"}), want: "other contents than the lock"},
		"longer":              {archive: tarball(t, member{name: "MLmodel", text: strings.Repeat("model", 1000)}), want: "other contents than the lock"},
		"shorter":             {archive: tarball(t, member{name: "MLmodel", text: "mod"}), want: "other contents than the lock"},
		"not there":           {archive: zipped(t, nil, member{name: "x"}), want: "no such file"},
		"cut":                 {archive: gzipped(t, bytes.NewReader(tarball(t, good)))[:40], want: "cannot be unpacked"},
		"zip, cut":            {archive: zipped(t, nil, good)[:50], want: "cannot be unpacked"},
		"text":                {archive: []byte("hello"), want: "cannot be unpacked"},
		"empty":               {archive: nil, want: "cannot be unpacked"},
		"encrypted":           {archive: zipped(t, func(h *zip.FileHeader) { h.Flags |= 1 }, good), want: "cannot be unpacked"},
		"a bomb beside":       {archive: gzipped(t, bytes.NewReader(tarball(t, member{name: "x", text: strings.Repeat("\x00", 100<<20)}, good))), want: "100 times its size"},
		"a bomb in zip":       {archive: zipped(t, nil, member{name: "zeros", text: strings.Repeat("\x00", 100<<20)}), files: []File{zeroed(100 << 20)}, want: "100 times its size"},
		"a hole":              {archive: hostile.SparseTar("zeros", 100<<20), files: []File{zeroed(100 << 20)}, want: "100 times its size"},
		"a small hole":        {archive: hostile.SparseTar("zeros", 10), files: []File{fileOf("zeros", strings.Repeat("\x00", 10))}, left: map[string]string{"zeros": "-rw-r--r-- " + strings.Repeat("\x00", 10)}},
		"a long PAX header":   {archive: longHeader(t, 'x', 50<<20), want: "headers are too large"},
		"a long name":         {archive: longHeader(t, 'L', 50<<20), want: "headers are too large"},
		"a path that crosses": {archive: tarball(t, member{name: "a", text: "x"}, member{name: "a/b", text: "y"}), files: []File{fileOf("a", "x"), fileOf("a/b", "y")}, want: "cannot be unpacked"},
		"linked": {
			archive: tarball(t, member{name: "x/y", kind: tar.TypeSymlink, link: "../MLmodel"}, good, member{name: "z", kind: tar.TypeLink, link: "x/y"}),
			files:   []File{fileOf("MLmodel", "model"), fileOf("x/y", "model"), fileOf("z", "model")},
			left:    map[string]string{"MLmodel": whole, "x/y": whole, "z": whole},
		},
	} {
		t.Run(name, func(t *testing.T) {
			archive := filepath.Join(t.TempDir(), "archive")
			if err := os.WriteFile(archive, tt.archive, 0o600); err != nil {
				t.Fatal(err)
			}
			if tt.files == nil {
				tt.files = locked
			}
			s := newScript(t, unpackSource)
			wrong, printed := s.run(t, tt.files, archive, tt.root)
			if (wrong == "") != (tt.want == "") || !strings.Contains(wrong, tt.want) || strings.ContainsAny(printed, "\x1b") {
				t.Errorf("%q, want %q; it printed %q", wrong, tt.want, printed)
			}
			left := s.left(t)
			if tt.want == "" && !maps.Equal(left, tt.left) {
				t.Errorf("it wrote %q, want %q", left, tt.left)
			}
			for name, text := range left {
				if !slices.ContainsFunc(tt.files, func(f File) bool { return f.Path == name && len(text) <= len("-rw-r--r-- ")+int(f.Size)+1 }) {
					t.Errorf("it wrote %s, %d bytes", name, len(text))
				}
			}
			if _, err := os.Lstat(outside); err == nil {
				t.Error("it wrote outside")
			}
		})
	}
}

// TestUnpackManyNames does not keep the directory of a zip archive, or the links of a tar
// archive, that are many times what a model has.
func TestUnpackManyNames(t *testing.T) {
	var names []member
	for n := range 600 {
		names = append(names, member{name: fmt.Sprint(n) + strings.Repeat("n", 60_000)})
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for n := range 100_002 {
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprint(n), Typeflag: tar.TypeSymlink, Linkname: "MLmodel"}); err != nil {
			t.Fatal(err)
		}
	}
	for want, archive := range map[string][]byte{"larger than 32 MiB": zipped(t, nil, names...), "more than 100000 links": b.Bytes()} {
		name := filepath.Join(t.TempDir(), "archive")
		if err := os.WriteFile(name, archive, 0o600); err != nil {
			t.Fatal(err)
		}
		if wrong, _ := newScript(t, unpackSource).run(t, []File{fileOf("MLmodel", "model")}, name, ""); !strings.Contains(wrong, want) {
			t.Errorf("%q, want %q", wrong, want)
		}
	}
}

// TestCheckDirectory takes files from a repository that BuildKit has checked out, and
// nothing that a link in it leads to.
func TestCheckDirectory(t *testing.T) {
	dir, secret := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	for _, name := range []string{secret, filepath.Join(dir, "MLmodel")} {
		if err := os.WriteFile(name, []byte("model"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range map[string]string{"link": secret, "up": "..", "self": "."} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{"MLmodel": "", "link": "no such file", "up/secret": "no such file", "self/MLmodel": "no such file", "none": "no such file"} {
		wrong, _ := newScript(t, unpackSource).run(t, []File{fileOf(name, "model")}, dir, "")
		if (wrong == "") != (want == "") || !strings.Contains(wrong, want) {
			t.Errorf("%s: %q, want %q", name, wrong, want)
		}
	}
}
