package modelpack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/deployfile/deployfile/internal/testing/hostile"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// blobOf is a layer as somebody else made it.
type blobOf struct {
	mediaType, path string
	data            []byte
	annotations     map[string]string
	change          func(*ocispecs.Descriptor)
}

// artifact pushes an artifact made by somebody else.
func artifact(t *testing.T, ref name.Tag, annotations map[string]string, layers ...blobOf) {
	t.Helper()
	up, err := registryclient.NewUploader(t.Context(), ref.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := &push{uploader: up, to: ref}
	m := ocispecs.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispecs.MediaTypeImageManifest, ArtifactType: ArtifactType, Annotations: annotations}
	if m.Config, err = p.blob(t.Context(), ConfigType, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		d, err := p.blob(t.Context(), l.mediaType, l.data)
		if err != nil {
			t.Fatal(err)
		}
		d.Annotations = map[string]string{}
		if l.path != "" {
			d.Annotations[pathKey] = l.path
		}
		for k, v := range l.annotations {
			d.Annotations[k] = v
		}
		if l.change != nil {
			l.change(&d)
		}
		m.Layers = append(m.Layers, d)
	}
	c, err := registryclient.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Pusher.Put(t.Context(), ref, document{ocispecs.MediaTypeImageManifest, []byte(marshal(m))}); err != nil {
		t.Fatal(err)
	}
}

func tarOf(t *testing.T, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, h.Size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t *testing.T, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(data, nil)
}

func pulled(t *testing.T, ref name.Reference) (string, error) {
	t.Helper()
	a, err := Open(t.Context(), ref)
	if err != nil {
		return "", err
	}
	dir := t.TempDir()
	_, err = a.Pull(context.Background(), dir, nil)
	return dir, err
}

// deep are entries that have most of their directories to themselves.
func deep(n int, kind byte) (out []tar.Header) {
	for i := range n {
		out = append(out, tar.Header{Name: fmt.Sprintf("%d/", i) + strings.Repeat("a/", 58) + "f", Typeflag: kind, Linkname: map[byte]string{tar.TypeSymlink: "f"}[kind]})
	}
	return out
}

// TestHostile refuses artifacts that lead out of a directory, say what is not so, or
// have no end. Nothing is written outside.
func TestHostile(t *testing.T) {
	raw := func(path string) blobOf { return blobOf{mediaType: weightRaw, path: path, data: []byte("x")} }
	inTar := func(h ...tar.Header) blobOf { return blobOf{mediaType: weightTar, data: tarOf(t, h...)} }
	const zeros = 200 << 20
	for name, tt := range map[string]struct {
		layers      []blobOf
		annotations map[string]string
		want        string
	}{
		"a path that leads up":     {layers: []blobOf{raw("../../x")}, want: `"../../x" is outside`},
		"an absolute path":         {layers: []blobOf{raw("/etc/x")}, want: `"/etc/x" is outside`},
		"a name of two lines":      {layers: []blobOf{raw("a\nb")}, want: "control character"},
		"no name":                  {layers: []blobOf{raw("")}, want: "without a file name"},
		"an unknown compression":   {layers: []blobOf{{mediaType: weightRaw + "+lz4", path: "a", data: []byte("x")}}, want: "does not unpack"},
		"two of a name":            {layers: []blobOf{raw("a"), raw("a")}, want: `"a" is in the artifact twice`},
		"no layers":                {want: "no layers"},
		"up in an archive":         {layers: []blobOf{inTar(tar.Header{Name: "a/../../x"})}, want: "outside"},
		"absolute in an archive":   {layers: []blobOf{inTar(tar.Header{Name: "/x"})}, want: "outside"},
		"a link out":               {layers: []blobOf{inTar(tar.Header{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "../../x"})}, want: `"a" is a symbolic link to something outside`},
		"an absolute link":         {layers: []blobOf{inTar(tar.Header{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "/etc"})}, want: "outside"},
		"a link to nothing":        {layers: []blobOf{inTar(tar.Header{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "b"})}, want: "not in the model"},
		"through a link":           {layers: []blobOf{inTar(tar.Header{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "."}, tar.Header{Name: "a/b"})}, want: "a"},
		"a hard link":              {layers: []blobOf{inTar(tar.Header{Name: "a", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"})}, want: "neither a file"},
		"a device":                 {layers: []blobOf{inTar(tar.Header{Name: "a", Typeflag: tar.TypeChar})}, want: "neither a file"},
		"an archive without end":   {layers: []blobOf{{mediaType: weightTar + "+gzip", data: gzipped(t, tarOf(t, tar.Header{Name: "a", Size: zeros}))}}, want: "unpacks to more than"},
		"zstd without end":         {layers: []blobOf{{mediaType: weightTar + "+zstd", data: zstandard(t, tarOf(t, tar.Header{Name: "a", Size: zeros}))}}, want: "unpacks to more than"},
		"a hole":                   {layers: []blobOf{{mediaType: weightTar, data: hostile.SparseTar("a", 1<<30)}}, want: "unpacks to more than"},
		"a long name":              {layers: []blobOf{inTar(tar.Header{Name: strings.Repeat("n", 5000)})}, want: "more than 4096 bytes"},
		"a deep name":              {layers: []blobOf{inTar(tar.Header{Name: strings.Repeat("a/", 100) + "a"})}, want: "in more than 64 directories"},
		"deep directories":         {layers: []blobOf{inTar(deep(300, tar.TypeDir)...)}, want: "has more than 16384 directories"},
		"deep links":               {layers: []blobOf{inTar(deep(300, tar.TypeSymlink)...)}, want: "has more than 16384 directories"},
		"a long link":              {layers: []blobOf{inTar(tar.Header{Name: "a", Typeflag: tar.TypeSymlink, Linkname: strings.Repeat("n", 5000)})}, want: "outside"},
		"a root that leads up":     {layers: []blobOf{raw("a")}, annotations: map[string]string{RootKey: "../.."}, want: "outside"},
		"a size that is too large": {layers: []blobOf{{mediaType: weightRaw, path: "a", data: []byte("x"), change: func(d *ocispecs.Descriptor) { d.Size = 1 << 40 }}}, want: "Range"},
		"a size that is too small": {layers: []blobOf{{mediaType: weightRaw, path: "a", data: []byte("xyz"), change: func(d *ocispecs.Descriptor) { d.Size = 1 }}}, want: "another sha256"},
		"a negative size":          {layers: []blobOf{{mediaType: weightRaw, path: "a", data: []byte("x"), change: func(d *ocispecs.Descriptor) { d.Size = -1 }}}, want: "-1 bytes"},
		"another kind of digest":   {layers: []blobOf{{mediaType: weightRaw, path: "a", data: []byte("x"), change: func(d *ocispecs.Descriptor) { d.Digest = "md5:0" }}}, want: "no sha256"},
		"a hash that is not so": {layers: []blobOf{{mediaType: weightTar, data: tarOf(t, tar.Header{Name: "a", Size: 3}), annotations: map[string]string{
			FilesKey: `[{"path":"a","size":3,"sha256":"` + digest.FromString("else").Encoded() + `"}]`,
		}}}, want: `"a" has another sha256`},
		"a file that is not there": {layers: []blobOf{{mediaType: weightTar, data: tarOf(t), annotations: map[string]string{
			FilesKey: `[{"path":"a","size":3,"sha256":"` + digest.FromString("else").Encoded() + `"}]`,
		}}}, want: `"a" is not in the layer`},
		"a file without a hash": {layers: []blobOf{{mediaType: weightTar, data: tarOf(t), annotations: map[string]string{FilesKey: `[{"path":"a"}]`}}}, want: "invalid file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, ref := serve(t)
			artifact(t, ref, tt.annotations, tt.layers...)
			dir, err := pulled(t, ref)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if _, err := os.Lstat(filepath.Join(dir, "..", "x")); dir != "" && err == nil {
				t.Error("it was written outside")
			}
		})
	}
}

// TestOtherBytes refuses a registry that sends other bytes than those of the digest.
func TestOtherBytes(t *testing.T) {
	l, ref := serve(t)
	artifact(t, ref, nil, blobOf{mediaType: weightRaw, path: "a", data: []byte("right")})
	l.Handler = replaced{l.Handler}
	if _, err := pulled(t, ref); err == nil || !strings.Contains(err.Error(), "sha256") {
		t.Errorf("error %v", err)
	}
}

// replaced sends other blobs.
type replaced struct{ http.Handler }

func (r replaced) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if strings.Contains(q.URL.Path, "/blobs/") {
		_, _ = w.Write([]byte("wrong"))
		return
	}
	r.Handler.ServeHTTP(w, q)
}

// TestKin reads what other tools push.
func TestKin(t *testing.T) {
	file := func(name, text string) tar.Header { return tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644} }
	for name, tt := range map[string]struct {
		layers []blobOf
		want   []string
	}{
		"modctl, raw": {[]blobOf{
			{mediaType: "application/vnd.cncf.model.weight.config.v1.raw", path: "MLmodel", data: []byte("a")},
			{mediaType: weightRaw, path: "data/w.bin", data: []byte("b")},
		}, []string{"MLmodel", "data/w.bin"}},
		"modctl, tar": {[]blobOf{
			{mediaType: configTar, path: "MLmodel", data: tarOf(t, file("MLmodel", "a"))},
			{mediaType: weightTar + "+gzip", path: "data/w.bin", data: gzipped(t, tarOf(t, file("data/w.bin", "b")))},
			{mediaType: "application/vnd.cncf.model.doc.v1.tar+zstd", path: "README.md", data: zstandard(t, tarOf(t, file("README.md", "c")))},
		}, []string{"MLmodel", "README.md", "data/w.bin"}},
		"below a directory": {[]blobOf{
			{mediaType: weightRaw, path: "./model/MLmodel", data: []byte("a")},
			{mediaType: weightRaw, path: "model/data/w.bin", data: []byte("b")},
			{mediaType: weightRaw, path: "LICENSE", data: []byte("c")},
		}, []string{"MLmodel", "data/w.bin"}},
		"Docker's model runner": {[]blobOf{
			{mediaType: "application/vnd.docker.ai.safetensors", path: "data/w.safetensors", data: []byte("a")},
			{mediaType: "application/vnd.docker.ai.license", path: "MLmodel", data: []byte("b")},
		}, []string{"MLmodel", "data/w.safetensors"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, ref := serve(t)
			artifact(t, ref, nil, tt.layers...)
			dir, err := pulled(t, ref)
			if err != nil {
				t.Fatal(err)
			}
			got := sums(t, dir)
			for _, f := range tt.want {
				if got[f] == "" {
					t.Errorf("there is no %s in %v", f, got)
				}
			}
			if len(got) != len(tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// TestIndexInAnIndex follows no index to another: a registry could go on without end.
func TestIndexInAnIndex(t *testing.T) {
	_, ref := serve(t)
	artifact(t, ref, nil, blobOf{mediaType: weightRaw, path: "a", data: []byte("x")})
	c, err := registryclient.New()
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Puller.Head(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	in := ocispecs.Descriptor{MediaType: string(d.MediaType), Digest: digest.Digest(d.Digest.String()), Size: d.Size}
	for n, want := range []string{"", "is an index in an index"} {
		in.ArtifactType = ArtifactType
		index := document{ocispecs.MediaTypeImageIndex, []byte(marshal(ocispecs.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispecs.MediaTypeImageIndex, Manifests: []ocispecs.Descriptor{in}}))}
		if err := c.Pusher.Put(t.Context(), ref, index); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(t.Context(), ref); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("index %d: %v", n, err)
		}
		in = ocispecs.Descriptor{MediaType: ocispecs.MediaTypeImageIndex, Digest: index.digest(), Size: int64(len(index.data))}
	}
}
