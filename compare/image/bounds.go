package image

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
)

// How much of an image is read. Images come from strangers, and none may fill
// the memory or never end; each bound is many times what an image of a model
// has.
const (
	// maxDocument is the size of a manifest, an index or a configuration, in
	// bytes, and maxDocuments that of all of them together: an index may name
	// the same index twice, and that one another.
	maxDocument  = 4 << 20
	maxDocuments = 64 << 20
	// maxManifests is how many manifests and indexes an image has.
	maxManifests = 1000
	// maxValues is how many values one of them has: an empty object in a list takes
	// a hundred times the memory of its text.
	maxValues = 100_000
	// maxLayers is how many layers an image of one platform has; file systems
	// take some hundreds.
	maxLayers = 1000
	// maxEntries is how many files all layers have together, maxText how many
	// bytes of text is kept of them (names, attributes, lists of packages), and
	// maxUnpacked how many bytes the layers have, unpacked.
	maxEntries  = 2_000_000
	maxText     = 256 << 20
	maxUnpacked = 1 << 40
	// maxName is the length of a path, in bytes: PATH_MAX in limits.h.
	maxName = 4096
	// maxWindow is the memory that zstd may want, in bytes: the most that the
	// zstd command takes unless it is told otherwise.
	maxWindow = 128 << 20
)

// BoundError is an image that is larger than any that is read.
type BoundError struct {
	// What is too large, and how large it may be.
	What string
}

// Error implements error.
func (e *BoundError) Error() string { return "no image is read that has " + e.What }

// spent is how much of an image was read.
type spent struct{ manifests, documents, entries, kept, unpacked atomic.Int64 }

// take adds to what was spent, and returns a *BoundError if it is more than the
// limit.
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
		// Some bytes of the archive would be terabytes to be hashed, and
		// builders write none.
		return fmt.Errorf("%q is a sparse file, which no layer has", h.Name)
	}
	return nil
}

// text counts bytes of text that are kept of a layer.
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

// reader reads a layer unpacked: not more than there may be, and nothing more
// once ctx has ended.
type reader struct {
	ctx context.Context
	io.Reader
	*spent
}

// Read implements io.Reader.
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
