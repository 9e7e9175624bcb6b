package untrusted

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// CopyEngineLog copies the log of a container, as Docker's engine sends it: in frames, each
// with its stream and its length. The engine's own library reads a frame into memory, and
// its header may say 4 GiB.
func CopyEngineLog(w io.Writer, log io.Reader) error {
	const failed = 3 // the stream of the engine's own errors
	for {
		var header [8]byte
		if _, err := io.ReadFull(log, header[:]); err != nil {
			return orEnd(err)
		}
		stream, size := header[0], int64(binary.BigEndian.Uint32(header[4:]))
		switch {
		case stream > failed:
			return fmt.Errorf("the engine sends the unknown stream %d", stream)
		case stream == failed:
			text, err := io.ReadAll(io.LimitReader(log, min(size, maxEngineError)))
			return errors.Join(fmt.Errorf("the engine says %q", text), err)
		}
		if _, err := io.CopyN(w, log, size); err != nil {
			return orEnd(err)
		}
	}
}

// maxEngineError limits what is shown of an error in a log, in bytes.
const maxEngineError = 4096

// orEnd returns nil for the end of a log, which may be in a frame.
func orEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
