package image

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
)

// ErrStop is returned by a visitor that has seen enough of a layer.
var ErrStop = errors.New("seen enough")

// Walk calls visit with every entry of a layer's tar archive, in order. The
// content may be read during the call. A layer that does not match its digest
// and size is a *CorruptError, unless visit stopped before the end; a layer
// beyond the limits is a *BoundError.
func (p *Platform) Walk(ctx context.Context, l Layer, visit func(h *tar.Header, content io.Reader) error) error {
	if err := l.Digest.Validate(); err != nil {
		return fmt.Errorf("layer %q: %w", l.Digest, err)
	}
	blob, err := p.store.open(ctx, l.Descriptor)
	if err != nil {
		return err
	}
	defer blob.Close()
	verifier := l.Digest.Verifier()
	compressed := io.TeeReader(io.LimitReader(blob, l.Size), verifier)
	err = p.walk(ctx, compressed, visit)
	if errors.Is(err, ErrStop) {
		return nil
	}
	if err == nil {
		_, err = io.Copy(io.Discard, reader{ctx, compressed, p.spent})
	}
	if err != nil {
		return fmt.Errorf("layer %s: %w", l.Digest, err)
	}
	if !verifier.Verified() {
		return &CorruptError{Digest: l.Digest}
	}
	return nil
}

func (p *Platform) walk(ctx context.Context, compressed io.Reader, visit func(h *tar.Header, content io.Reader) error) error {
	stream, err := decompress(compressed)
	if err != nil {
		return err
	}
	defer stream.Close()
	unpacked := reader{ctx, stream, p.spent}
	archive := tar.NewReader(unpacked)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			// Padding follows the end of the archive.
			_, err := io.Copy(io.Discard, unpacked)
			return err
		}
		if err == nil {
			err = p.spent.entry(h)
		}
		if err != nil {
			return err
		}
		if err := visit(h, archive); err != nil {
			return err
		}
	}
}
