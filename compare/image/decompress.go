package image

import (
	"bufio"
	"io"

	"github.com/containerd/containerd/v2/pkg/archive/compression"
	"github.com/klauspost/compress/zstd"
)

// magic is the number of bytes that identify a compression.
const magic = 10

// decompress returns the uncompressed layer, whatever its media type says about
// compression.
func decompress(compressed io.Reader) (io.ReadCloser, error) {
	buffered := bufio.NewReader(compressed)
	begin, err := buffered.Peek(magic)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if compression.DetectCompression(begin) != compression.Zstd {
		return compression.DecompressStream(buffered)
	}
	// containerd's own reader allocates a gigabyte if the stream asks for it.
	unpacked, err := zstd.NewReader(buffered, zstd.WithDecoderLowmem(true), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return unpacked.IOReadCloser(), nil
}
