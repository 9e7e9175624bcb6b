package image

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/containerd/containerd/v2/pkg/archive/compression"
)

// ErrStop is what a visitor returns when it has seen enough of a layer.
var ErrStop = errors.New("seen enough")

// Walk calls visit with every entry of a layer's tar archive, in its order. The
// content may be read during the call. A layer whose bytes are not those of its
// digest is a *CorruptError, unless visit stopped before the end.
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
	compressed := io.TeeReader(blob, verifier)
	err = walk(compressed, visit)
	if errors.Is(err, ErrStop) {
		return nil
	}
	if err == nil {
		_, err = io.Copy(io.Discard, compressed)
	}
	if err != nil {
		return fmt.Errorf("layer %s: %w", l.Digest, err)
	}
	if !verifier.Verified() {
		return &CorruptError{Digest: l.Digest}
	}
	return nil
}

func walk(compressed io.Reader, visit func(h *tar.Header, content io.Reader) error) error {
	unpacked, err := compression.DecompressStream(compressed)
	if err != nil {
		return err
	}
	defer unpacked.Close()
	archive := tar.NewReader(unpacked)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			// What follows the archive's end is padding.
			_, err := io.Copy(io.Discard, unpacked)
			return err
		}
		if err != nil {
			return err
		}
		if err := visit(h, archive); err != nil {
			return err
		}
	}
}
