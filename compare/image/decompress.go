package image

import (
	"bufio"
	"io"

	"github.com/containerd/containerd/v2/pkg/archive/compression"
	"github.com/klauspost/compress/zstd"
)

// magic is how many bytes tell how a stream is compressed.
const magic = 10

// decompress reads a layer as it was before it was compressed, whatever its
// media type says of that.
func decompress(compressed io.Reader) (io.ReadCloser, error) {
	buffered := bufio.NewReader(compressed)
	begin, err := buffered.Peek(magic)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if compression.DetectCompression(begin) != compression.Zstd {
		return compression.DecompressStream(buffered)
	}
	// containerd's own reader takes a gigabyte for a stream that says it needs
	// it.
	unpacked, err := zstd.NewReader(buffered, zstd.WithDecoderLowmem(true), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return unpacked.IOReadCloser(), nil
}
