package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"path"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// FuzzLayer reads any bytes as a layer, as diff and verify read one: that never
// panics, and what is found is inside of the image.
func FuzzLayer(f *testing.F) {
	var plain bytes.Buffer
	w := tar.NewWriter(&plain)
	for _, e := range []struct{ name, content string }{
		{"var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\n\n"},
		{"opt/model/MLmodel", "x"},
		{"opt/model/.wh.old", ""}, {"opt/.wh..wh..opq", ""},
		{"opt/venv/lib/python3.11/site-packages/a-1.dist-info/METADATA", "Name: a\n"},
		{"../../etc/passwd", "x"},
	} {
		if err := w.WriteHeader(&tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.content))}); err != nil {
			f.Fatal(err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(plain.Bytes())
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(plain.Bytes()); err != nil {
		f.Fatal(err)
	}
	if err := z.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(zipped.Bytes())
	e, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(e.EncodeAll(plain.Bytes(), nil))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd, 0, 19 << 3, 0x03, 0x40, 0, 0})
	f.Fuzz(func(t *testing.T, layer []byte) {
		p := &Platform{spent: &spent{}}
		below := &scanned{files: files{"opt/model/below": {}, "opt/model/old": {}}}
		s := &scanned{files: files{}, spent: p.spent}
		if p.walk(t.Context(), bytes.NewReader(layer), s.visit) != nil {
			return
		}
		all := fold([]*scanned{below, s})
		for name := range all {
			if path.Clean("/"+name) != "/"+name {
				t.Errorf("%q is found", name)
			}
		}
		all.model()
		all.packages()
		all.system()
	})
}
