package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deployfile/deployfile/compare/image"
	"github.com/deployfile/deployfile/internal/testing/growth"
	"github.com/deployfile/deployfile/internal/untrusted"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// TestManyWhiteouts puts a layer that takes many files away over one that has
// many.
func TestManyWhiteouts(t *testing.T) {
	h := newHostile(t)
	growth.Linear(t, 1_000, func(many int) func() {
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
		root := h.root(h.image(files, gone))
		return func() {
			if err := contents(t.Context(), root); err != nil {
				t.Fatal(err)
			}
		}
	})
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
