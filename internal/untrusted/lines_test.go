package untrusted

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// TestLines ends a stream with a line that is too long, and no other.
func TestLines(t *testing.T) {
	for text, good := range map[string]bool{
		"": true, "12345678\n12345678\r\n": false, "12345678\n12345678\n1": true, "\n\n\n": true, "123456789": false, "1\n123456789\n": false,
	} {
		for _, part := range []int{1, 3, 100} {
			_, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{Lines(io.NopCloser(strings.NewReader(text)), 8)}, make([]byte, part))
			var large *AnswerError
			if errors.As(err, &large) == good || err != nil && large == nil {
				t.Errorf("%q, %d bytes at a time: %v", text, part, err)
			}
		}
	}
}
