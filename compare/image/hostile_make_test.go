package image_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// hostile is an image layout written by hand, by an attacker.
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
