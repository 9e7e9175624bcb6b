package untrusted

import (
	"bytes"
	"io"
)

// Lines returns a stream that ends with an *AnswerError if a line of it has more than limit
// bytes: decoders of streams have a message in memory as a whole.
func Lines(body io.ReadCloser, limit int64) io.ReadCloser {
	return &lines{ReadCloser: body, limit: limit}
}

type lines struct {
	io.ReadCloser
	limit int64
	// line is how much there is of the last line.
	line int64
}

// Read implements io.Reader.
func (l *lines) Read(data []byte) (int, error) {
	n, err := l.ReadCloser.Read(data)
	for rest := data[:n]; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			l.line += int64(len(rest))
			rest = nil
		} else {
			l.line += int64(end)
			rest = rest[end+1:]
		}
		if l.line > l.limit {
			return 0, &AnswerError{Limit: size(l.limit) + " in a line"}
		}
		if end >= 0 {
			l.line = 0
		}
	}
	return n, err
}
