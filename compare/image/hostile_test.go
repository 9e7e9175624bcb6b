package image_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/compare/image"
	"github.com/klauspost/compress/zstd"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

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
