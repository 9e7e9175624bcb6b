package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/deployfile/deployfile/compare/image"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// hostile is an image layout that a stranger wrote by hand.
type hostile struct {
	*testing.T
	dir string
}

func newHostile(t *testing.T) hostile {
	h := hostile{t, t.TempDir()}
	h.write("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`))
	return h
}

func (h hostile) write(name string, data []byte) {
	h.Helper()
	path := filepath.Join(h.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, data, 0o644)); err != nil {
		h.Fatal(err)
	}
}

// blob adds a blob, a document if it is not bytes.
func (h hostile) blob(mediaType string, content any) ocispecs.Descriptor {
	h.Helper()
	data, ok := content.([]byte)
	if !ok {
		data = h.json(content)
	}
	d := digest.FromBytes(data)
	h.write("blobs/sha256/"+d.Encoded(), data)
	return ocispecs.Descriptor{MediaType: mediaType, Digest: d, Size: int64(len(data))}
}

func (h hostile) json(v any) []byte {
	h.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		h.Fatal(err)
	}
	return data
}

// root writes index.json.
func (h hostile) root(manifests ...ocispecs.Descriptor) string {
	h.Helper()
	h.write("index.json", h.json(index(manifests...)))
	return "oci-layout://" + h.dir
}

func index(manifests ...ocispecs.Descriptor) ocispecs.Index {
	return ocispecs.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispecs.MediaTypeImageIndex, Manifests: manifests}
}

// image is the manifest of an image of these layers.
func (h hostile) image(layers ...ocispecs.Descriptor) ocispecs.Descriptor {
	h.Helper()
	config := ocispecs.Image{Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}}
	for _, l := range layers {
		config.RootFS.DiffIDs = append(config.RootFS.DiffIDs, l.Digest)
	}
	return h.blob(ocispecs.MediaTypeImageManifest, ocispecs.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispecs.MediaTypeImageManifest,
		Config: h.blob(ocispecs.MediaTypeImageConfig, config), Layers: layers,
	})
}

// layer is one of what write puts into its archive, compressed with zstd.
func (h hostile) layer(write func(*tar.Writer)) ocispecs.Descriptor {
	h.Helper()
	var out bytes.Buffer
	z, err := zstd.NewWriter(&out, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		h.Fatal(err)
	}
	w := tar.NewWriter(z)
	write(w)
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		h.Fatal(err)
	}
	return h.blob(ocispecs.MediaTypeImageLayerZstd, out.Bytes())
}

func (h hostile) header(w *tar.Writer, header tar.Header) {
	h.Helper()
	header.Mode = 0o644
	if err := w.WriteHeader(&header); err != nil {
		h.Fatal(err)
	}
}

// contents opens an image and reads all that diff reads.
func contents(ctx context.Context, name string) error {
	i, err := image.Open(ctx, name)
	if err != nil {
		return err
	}
	defer i.Close()
	_, err = i.Contents(ctx, nil)
	return err
}

// TestHostileImages reads images that would fill the memory, or never end.
func TestHostileImages(t *testing.T) {
	for name, test := range map[string]struct {
		make func(h hostile) string
		want string
	}{
		"an index that names another twice, thirty times over": {
			make: func(h hostile) string {
				d := h.image()
				for range 30 {
					d = h.blob(ocispecs.MediaTypeImageIndex, index(d, d))
				}
				return h.root(d)
			},
			want: "more than 1000 manifests and indexes",
		},
		"documents that are large together": {
			make: func(h hostile) string {
				var all []ocispecs.Descriptor
				for n := range 20 {
					m := ocispecs.Manifest{MediaType: ocispecs.MediaTypeImageManifest, Annotations: map[string]string{"n": strings.Repeat(fmt.Sprint(n%10), 4_000_000+n)}}
					m.Config = h.blob(ocispecs.MediaTypeImageConfig, ocispecs.Image{Platform: ocispecs.Platform{OS: "linux", Architecture: fmt.Sprint(n)}})
					all = append(all, h.blob(ocispecs.MediaTypeImageManifest, m))
				}
				return h.root(h.blob(ocispecs.MediaTypeImageIndex, index(all...)))
			},
			want: "more than 67108864 bytes of manifests and configurations",
		},
		"a large configuration": {
			make: func(h hostile) string {
				config := ocispecs.Image{Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}, Author: strings.Repeat("x", 5<<20)}
				return h.root(h.blob(ocispecs.MediaTypeImageManifest, ocispecs.Manifest{Config: h.blob(ocispecs.MediaTypeImageConfig, config)}))
			},
			want: "larger than 4194304 bytes",
		},
		"a manifest of empty objects": {
			make: func(h hostile) string {
				m := map[string]any{"schemaVersion": 2, "mediaType": ocispecs.MediaTypeImageManifest, "layers": make([]struct{}, 200_000)}
				return h.root(h.blob(ocispecs.MediaTypeImageManifest, m))
			},
			want: "100000",
		},
		"too many layers": {
			make: func(h hostile) string {
				return h.root(h.image(make([]ocispecs.Descriptor, 1001)...))
			},
			want: "more than 1000 layers",
		},
		"a list of images that is large": {
			make: func(h hostile) string {
				h.write("index.json", append(h.json(index(h.image())), bytes.Repeat([]byte{' '}, 5<<20)...))
				return "oci-layout://" + h.dir
			},
			want: "index.json larger than 4194304 bytes",
		},
		"too many files": {
			make: func(h hostile) string {
				var one, out bytes.Buffer
				h.header(tar.NewWriter(&one), tar.Header{Name: "x"})
				z, err := zstd.NewWriter(&out, zstd.WithEncoderLevel(zstd.SpeedFastest))
				if err != nil {
					h.Fatal(err)
				}
				thousand := bytes.Repeat(one.Bytes(), 1000)
				for range 2001 {
					_, _ = z.Write(thousand)
				}
				if err := z.Close(); err != nil {
					h.Fatal(err)
				}
				return h.root(h.image(h.blob(ocispecs.MediaTypeImageLayerZstd, out.Bytes())))
			},
			want: "more than 2000000 files",
		},
		"too long attributes": {
			make: func(h hostile) string {
				return h.root(h.image(h.layer(func(w *tar.Writer) {
					value := strings.Repeat("x", 900_000)
					for range 300 {
						h.header(w, tar.Header{Name: "x", PAXRecords: map[string]string{"SCHILY.xattr.user.x": value}})
					}
				})))
			},
			want: "bytes of names, attributes and lists of packages",
		},
		"too many lists of packages": {
			make: func(h hostile) string {
				return h.root(h.image(h.layer(func(w *tar.Writer) {
					h.header(w, tar.Header{Name: "var/lib/dpkg/status", Size: 300 << 20})
					_, _ = io.Copy(w, io.LimitReader(zeros{}, 300<<20))
				})))
			},
			want: "bytes of names, attributes and lists of packages",
		},
		"a path that no file system has": {
			make: func(h hostile) string {
				return h.root(h.image(h.layer(func(w *tar.Writer) { h.header(w, tar.Header{Name: "opt/model/" + strings.Repeat("a/", 3000)}) })))
			},
			want: "a path longer than 4096 bytes",
		},
		"a file of a pebibyte of holes": {
			make: func(h hostile) string { return h.root(h.image(h.blob(ocispecs.MediaTypeImageLayer, sparse(h)))) },
			want: `"opt/model/weights" is a sparse file`,
		},
		"a layer that wants memory": {
			make: func(h hostile) string {
				// RFC 8878: a frame whose window has 512 MiB, in which one block
				// repeats a byte.
				return h.root(h.image(h.blob(ocispecs.MediaTypeImageLayerZstd, []byte{0x28, 0xb5, 0x2f, 0xfd, 0, 19 << 3, 0x03, 0x40, 0, 0})))
			},
			want: "window size exceeded",
		},
		"a layer of another size": {
			make: func(h hostile) string {
				d := h.layer(func(w *tar.Writer) { h.header(w, tar.Header{Name: "x"}) })
				d.Size--
				return h.root(h.image(d))
			},
			want: "unexpected EOF",
		},
		"a layer of a negative size": {
			make: func(h hostile) string {
				d := h.layer(func(w *tar.Writer) { h.header(w, tar.Header{Name: "x"}) })
				d.Size = -1
				return h.root(h.image(d))
			},
			want: "is damaged",
		},
		"an index.json that is a FIFO": {
			make: func(h hostile) string {
				h.fifo(filepath.Join(h.dir, "index.json"))
				return "oci-layout://" + h.dir
			},
			want: "not a regular file",
		},
		"a layer that is a FIFO": {
			make: func(h hostile) string {
				d := h.layer(func(*tar.Writer) {})
				path := filepath.Join(h.dir, "blobs", "sha256", d.Digest.Encoded())
				if err := os.Remove(path); err != nil {
					h.Fatal(err)
				}
				h.fifo(path)
				return h.root(h.image(d))
			},
			want: "not a regular file",
		},
		"a layer that is a link to elsewhere": {
			make: func(h hostile) string {
				d := h.layer(func(*tar.Writer) {})
				path := filepath.Join(h.dir, "blobs", "sha256", d.Digest.Encoded())
				elsewhere := filepath.Join(h.TempDir(), "elsewhere")
				if err := errors.Join(os.Rename(path, elsewhere), os.Symlink(elsewhere, path)); err != nil {
					h.Fatal(err)
				}
				return h.root(h.image(d))
			},
			want: "path escapes from parent",
		},
		"an archive that is a FIFO": {
			make: func(h hostile) string {
				path := filepath.Join(h.dir, "image.tar")
				h.fifo(path)
				return path
			},
			want: "not a regular file",
		},
		"an archive of many files": {
			make: func(h hostile) string {
				path := filepath.Join(h.dir, "image.tar")
				var out bytes.Buffer
				w := tar.NewWriter(&out)
				for n := range 100_001 {
					h.header(w, tar.Header{Name: fmt.Sprint(n)})
				}
				h.write("image.tar", out.Bytes())
				return path
			},
			want: "more than 100000 files in its archive",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			err := contents(ctx, test.make(newHostile(t)))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want an error that says %q", err, test.want)
			}
		})
	}
}

func (h hostile) fifo(path string) {
	h.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		h.Fatal(err)
	}
}

type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// sparse is an archive with a file that is a pebibyte of holes (GNU tar, "PAX
// Format, Version 1.0").
func sparse(h hostile) []byte {
	h.Helper()
	records := ""
	for _, r := range []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=opt/model/weights", "GNU.sparse.realsize=1125899906842624"} {
		// The length counts its own digits.
		records += fmt.Sprintf("%d %s\n", len(r)+4, r)
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	block := func(header tar.Header, content string) {
		header.Mode, header.Size, header.Format = 0o644, int64(len(content)), tar.FormatUSTAR
		if err := w.WriteHeader(&header); err != nil {
			h.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			h.Fatal(err)
		}
	}
	block(tar.Header{Name: "pax"}, records)
	// No holes are named: all of the file is one.
	block(tar.Header{Name: "GNUSparseFile.0/weights"}, "0\n"+strings.Repeat("\x00", 510))
	if err := w.Close(); err != nil {
		h.Fatal(err)
	}
	data := out.Bytes()
	// archive/tar writes no extended header of ours.
	data[156] = tar.TypeXHeader
	sum := 0
	copy(data[148:156], "        ")
	for _, b := range data[:512] {
		sum += int(b)
	}
	copy(data[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return data
}

// TestManyWhiteouts puts a layer that takes many files away over one that has
// many.
func TestManyWhiteouts(t *testing.T) {
	h := newHostile(t)
	const many = 60_000
	files := h.layer(func(w *tar.Writer) {
		for n := range many {
			h.header(w, tar.Header{Name: fmt.Sprintf("opt/model/%d", n)})
		}
	})
	gone := h.layer(func(w *tar.Writer) {
		for n := range many {
			h.header(w, tar.Header{Name: fmt.Sprintf("opt/other/.wh.%d", n)})
		}
	})
	began := time.Now()
	if err := contents(t.Context(), h.root(h.image(files, gone))); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

// TestCancelledWhileUnpacking breaks off what would be unpacked for minutes.
func TestCancelledWhileUnpacking(t *testing.T) {
	h := newHostile(t)
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	h.header(w, tar.Header{Name: "opt/model/weights", Size: 128 << 20})
	if _, err := io.Copy(w, io.LimitReader(zeros{}, 128<<20)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	// The archive ends, and its padding does not.
	d := h.blob(ocispecs.MediaTypeImageLayerGzip, bytes.Repeat(out.Bytes(), 800))
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := contents(ctx, h.root(h.image(d))); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want a deadline exceeded", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

// TestLargeManifestOfARegistry opens an image of a registry whose manifest goes on
// for longer than one is read.
func TestLargeManifestOfARegistry(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", ocispecs.MediaTypeImageManifest)
		if r.URL.Path == "/v2/" {
			return
		}
		for sent := 0; sent < 64<<20; {
			n, err := io.WriteString(w, strings.Repeat(" ", 1<<16))
			if err != nil {
				return
			}
			sent += n
		}
		t.Error("64 MiB of a manifest were read, and more would be")
	}))
	defer server.Close()
	_, err := image.Open(t.Context(), strings.TrimPrefix(server.URL, "http://")+"/iris:latest")
	var large *untrusted.AnswerError
	if !errors.As(err, &large) {
		t.Errorf("error %v, want an AnswerError", err)
	}
}

// TestForeignLayers reads an image from a registry whose manifest says that a
// layer, which the registry does not have, is to be fetched from somewhere else.
func TestForeignLayers(t *testing.T) {
	var asked atomic.Bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true) }))
	defer elsewhere.Close()
	h := newHostile(t)
	layer := h.blob("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", []byte("x"))
	layer.URLs = []string{elsewhere.URL + "/latest/meta-data"}
	manifest := h.image(layer)
	registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		name := filepath.Base(q.URL.Path)
		if name == "evil" {
			name = manifest.Digest.String()
		}
		if name == layer.Digest.String() {
			http.NotFound(w, q)
			return
		}
		if strings.Contains(q.URL.Path, "/manifests/") {
			w.Header().Set("Content-Type", manifest.MediaType)
		}
		if q.URL.Path != "/v2/" {
			http.ServeFile(w, q, filepath.Join(h.dir, "blobs", "sha256", strings.TrimPrefix(name, "sha256:")))
		}
	}))
	defer registry.Close()
	err := contents(t.Context(), strings.TrimPrefix(registry.URL, "http://")+"/model:evil")
	if err == nil || asked.Load() {
		t.Errorf("%v; the manifest's address was asked: %v", err, asked.Load())
	}
}
