package untrusted

import (
	"context"
	"io"
)

// What a compressed stream may unpack to: MaxRatio times its size, and freeUnpacked
// bytes. Weights hardly compress, and text rarely a hundredfold.
const (
	MaxRatio     = 100
	freeUnpacked = 64 << 20
)

// MaxDirectories is how many directories the files of a model may be in. Each takes a block
// of a disk, and nothing of a stream but a part of a name: together they take what is free.
const MaxDirectories = freeUnpacked / 4096

// Unpacked counts what a compressed stream unpacks to.
type Unpacked struct {
	left     int64
	tooLarge error
}

// NewUnpacked counts for a stream of a size in bytes. Readers return the error once it
// has unpacked to more than it may.
func NewUnpacked(size int64, tooLarge error) *Unpacked {
	return &Unpacked{left: MaxRatio*size + freeUnpacked, tooLarge: tooLarge}
}

// Count counts bytes that no Reader sees: a hole of a sparse file, a copy that a link makes.
func (u *Unpacked) Count(n int64) error {
	if u.left -= max(n, 0); n < 0 || u.left < 0 {
		return u.tooLarge
	}
	return nil
}

// Reader returns a reader of what the stream, or a part of it, unpacks to.
func (u *Unpacked) Reader(r io.Reader) io.Reader { return &unpackedReader{r, u} }

type unpackedReader struct {
	io.Reader
	*Unpacked
}

func (r *unpackedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.left -= int64(n); r.left < 0 {
		return 0, r.tooLarge
	}
	return n, err
}

// WithContext returns a reader that ends with a context, with its cause.
func WithContext(ctx context.Context, r io.Reader) io.Reader { return &contextReader{ctx, r} }

type contextReader struct {
	ctx context.Context
	io.Reader
}

func (r *contextReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.Reader.Read(p)
}
