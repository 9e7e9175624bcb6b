package image

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
)

// Limits for an image. Images are untrusted, and none may exhaust memory or run
// forever; each limit is a multiple of what an image of a model needs.
const (
	// maxDocument limits the size of a manifest, an index or a configuration in
	// bytes, maxDocuments the size of all of them together: an index may name the
	// same index twice, and so on.
	maxDocument  = 4 << 20
	maxDocuments = 64 << 20
	// maxManifests limits the manifests and indexes of an image.
	maxManifests = 1000
	// maxValues limits the values of one of these documents: an empty object in a
	// list takes a hundred times the memory of its text.
	maxValues = 100_000
	// maxLayers limits the layers of one platform; file systems support some
	// hundreds.
	maxLayers = 1000
	// maxEntries limits the files of all layers together, maxText the bytes of
	// text kept of them (names, attributes, lists of packages), and maxUnpacked
	// the unpacked size of the layers.
	maxEntries  = 2_000_000
	maxText     = 256 << 20
	maxUnpacked = 1 << 40
	// maxName is the length of a path, in bytes: PATH_MAX in limits.h.
	maxName = 4096
	// maxWindow limits the memory of zstd in bytes; it is the zstd command's own
	// default limit.
	maxWindow = 128 << 20
)

// BoundError reports an image beyond a limit.
type BoundError struct {
	// What is the size at fault, with its limit.
	What string
}

func (e *BoundError) Error() string { return "the image has " + e.What + ", which is over the limit" }

// spent counts how much of an image has been read.
type spent struct{ manifests, documents, entries, kept, unpacked atomic.Int64 }

// take adds to a counter, and returns a *BoundError beyond the limit.
func take(spent *atomic.Int64, n, limit int64, what string) error {
	if spent.Add(n) > limit {
		return &BoundError{What: fmt.Sprintf("more than %d %s", limit, what)}
	}
	return nil
}

// entry counts an entry of a layer.
func (s *spent) entry(h *tar.Header) error {
	size := len(h.Name) + len(h.Linkname) + len(h.Uname) + len(h.Gname)
	for key, value := range h.PAXRecords {
		size += len(key) + len(value)
	}
	if err := take(&s.entries, 1, maxEntries, "files in its layers"); err != nil {
		return err
	}
	if err := s.text(int64(size)); err != nil {
		return err
	}
	switch {
	case len(h.Name) > maxName:
		return &BoundError{What: fmt.Sprintf("a path longer than %d bytes", maxName)}
	case isSparse(h):
		// A few bytes of the archive could expand to terabytes to hash, and builders
		// write no sparse files.
		return fmt.Errorf("%q is a sparse file, which layers cannot have", h.Name)
	}
	return nil
}

// text counts bytes of text kept of a layer.
func (s *spent) text(n int64) error {
	return take(&s.kept, n, maxText, "bytes of names, attributes and lists of packages in its layers")
}

func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// reader reads an unpacked layer up to the limit, and fails once ctx has ended.
type reader struct {
	ctx context.Context
	io.Reader
	*spent
}

// Read counts what is read, and fails over the limit or when the context ends.
func (r reader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	n, err := r.Reader.Read(p)
	if over := take(&r.unpacked, int64(n), maxUnpacked, "bytes of unpacked layers"); over != nil {
		return n, over
	}
	return n, err
}
