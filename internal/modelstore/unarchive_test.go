package modelstore

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/modelcache"
	"github.com/deployfile/deployfile/internal/testing/hostile"
	"github.com/deployfile/deployfile/modelsource"
)

// unarchive puts an archive into a new cache and unpacks it. It returns what is then in
// the cache, too, in bytes.
func unarchive(t *testing.T, data []byte) (files []File, kept int64, err error) {
	t.Helper()
	dir := t.TempDir()
	cache, closed, err := modelcache.Open(dir, modelcache.DefaultLimit)
	if err != nil {
		t.Fatal(err)
	}
	defer closed()
	name := filepath.Join(t.TempDir(), "archive")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sum := sha256.Sum256(data)
	u := newUnpacker(t.Context(), cache, modelsource.File{Path: "archive", Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:])})
	if err = u.read(f, int64(len(data))); err == nil {
		_, files, err = u.model()
	}
	return files, keptIn(t, dir), err
}

func keptIn(t *testing.T, dir string) (kept int64) {
	t.Helper()
	err := filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			kept += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// tarOf is a tar.gz archive of a model and of these entries.
func tarOf(t testing.TB, entries ...*tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, h := range append([]*tar.Header{{Name: "MLmodel", Typeflag: tar.TypeReg, Mode: 0o644}}, entries...) {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := io.CopyN(w, zero{}, h.Size); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zipOf is a zip archive of empty files.
func zipOf(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		if _, err := w.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func regular(name string, size int64) *tar.Header {
	return &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o4755, Size: size}
}

func link(kind byte, name, to string) *tar.Header {
	return &tar.Header{Name: name, Typeflag: kind, Linkname: to}
}

// TestHostileArchives refuses what no model has, before it costs more than the archive.
func TestHostileArchives(t *testing.T) {
	many := []*tar.Header{regular("weights", 1<<20)}
	for n := range 100 {
		many = append(many, link(tar.TypeLink, fmt.Sprint("copy", n), "weights"))
	}
	var deep []*tar.Header
	for n := range 300 {
		deep = append(deep, regular(fmt.Sprint(n, "/")+strings.Repeat("d/", 60)+"x", 0))
	}
	for name, tt := range map[string]struct {
		archive []byte
		want    string
	}{
		"directories":            {tarOf(t, deep...), "more than 16384 directories"},
		"up":                     {tarOf(t, regular("../x", 1)), "leads out"},
		"up inside":              {tarOf(t, regular("a/../../x", 1)), "leads out"},
		"absolute":               {tarOf(t, regular("/etc/passwd", 1)), "leads out"},
		"a directory above":      {tarOf(t, &tar.Header{Name: "../x/", Typeflag: tar.TypeDir}), "leads out"},
		"backslash":              {tarOf(t, regular(`..\x`, 1)), "backslash"},
		"escape":                 {tarOf(t, regular("a\x1b]0;x", 1)), "control character"},
		"line":                   {tarOf(t, regular("a\nb", 1)), "control character"},
		"long name":              {tarOf(t, regular(strings.Repeat("n", 5000), 1)), "more than 4096 bytes"},
		"deep":                   {tarOf(t, regular(strings.Repeat("d/", 100)+"x", 1)), "64 directories"},
		"twice":                  {tarOf(t, regular("x", 1), regular("./x", 1)), "twice"},
		"a file and a directory": {tarOf(t, regular("x", 1), regular("x/y", 1)), "as a file and as a directory"},
		"through a link":         {tarOf(t, link(tar.TypeSymlink, "x", "/etc"), regular("x/passwd", 1)), "outside"},
		"a link up":              {tarOf(t, link(tar.TypeSymlink, "x", "../../etc/passwd")), "outside"},
		"a hard link up":         {tarOf(t, link(tar.TypeLink, "x", "/etc/passwd")), "outside"},
		"a link to itself":       {tarOf(t, link(tar.TypeSymlink, "x", "x")), "no file of the archive"},
		"links in a ring":        {tarOf(t, link(tar.TypeSymlink, "x", "y"), link(tar.TypeSymlink, "y", "x")), "no file of the archive"},
		"a long link":            {tarOf(t, link(tar.TypeSymlink, "x", strings.Repeat("n", 5000))), "outside"},
		"a device":               {tarOf(t, &tar.Header{Name: "x", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 5}), "neither a file"},
		"a pipe":                 {tarOf(t, &tar.Header{Name: "x", Typeflag: tar.TypeFifo}), "neither a file"},
		"links to much":          {tarOf(t, many...), "100 times its size"},
		"a bomb":                 {tarOf(t, regular("x", 200<<20)), "100 times its size"},
		"a hole":                 {hostile.SparseTar("hole", 1<<30, "MLmodel"), "100 times its size"},
		"no model":               {zipOf(t, "x"), "no MLmodel"},
		"zip, up":                {zipOf(t, "MLmodel", "../x"), "leads out"},
		"zip, escape":            {zipOf(t, "MLmodel", "a\x1bb"), "control character"},
		"zip, twice":             {zipOf(t, "MLmodel", "MLmodel"), "twice"},
		"cut":                    {zipOf(t, "MLmodel")[:40], "cannot be read"},
		"text":                   {[]byte("hello"), "it is no archive"},
		"nothing":                {nil, "it is no archive"},
	} {
		_, kept, err := unarchive(t, tt.archive)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
		if kept > 110<<20 {
			t.Errorf("%s: %d MiB are in the cache", name, kept>>20)
		}
	}
	// What is unusual, and does no harm.
	for name, archive := range map[string][]byte{
		"sparse":   hostile.SparseTar("hole", 1<<20, "MLmodel"),
		"setuid":   tarOf(t, regular("x", 1)),
		"linked":   tarOf(t, link(tar.TypeSymlink, "d/x", "../MLmodel"), link(tar.TypeLink, "y", "d/x")),
		"dots":     tarOf(t, regular("./a..b", 1)),
		"inverted": tarOf(t, link(tar.TypeLink, "before", "x"), regular("x", 1)),
	} {
		if files, _, err := unarchive(t, archive); err != nil || len(files) < 2 {
			t.Errorf("%s: %v, %v", name, files, err)
		}
	}
}

// TestZipDirectory reads no directory that has far more files than a model.
func TestZipDirectory(t *testing.T) {
	long := make([]string, 600)
	for n := range long {
		long[n] = fmt.Sprint(n, strings.Repeat("n", 60_000))
	}
	if _, _, err := unarchive(t, zipOf(t, long...)); err == nil || !strings.Contains(err.Error(), "its directory is larger than 32 MiB") {
		t.Errorf("%v", err)
	}
}
